"""Takes the README's picture from the running demo: `python -m tests.picture`.

Asks in the local Slack, opens the thread in a real browser, saves deploy/demo/oakum.png.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

import run  # noqa: E402
import workspace  # noqa: E402

from tests.fakes.browser import browser  # noqa: E402


async def take(address: str, file: Path) -> None:
    """Open the thread and save what a person sees."""
    async with browser(1500, 1060) as page:
        await page.open(address)
        await page.click("1 reply")
        await page.until("document.body.innerText.includes('Why it matters')")
        await asyncio.sleep(1)
        await page.run(
            "document.querySelectorAll('*').forEach(e => { if (e.scrollTop) e.scrollTop = 0 })"
        )
        await page.picture(file)


def main() -> None:
    """Run the demo's first question and photograph its answer."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "deploy" / "demo" / "oakum.png"
    with tempfile.TemporaryDirectory() as data, workspace.running(Path(data)) as place:
        place.say(f"<@U0OAKUM> {run.QUESTIONS[0]}")
        place.answer_after(1)
        asyncio.run(take(place.address, target))


if __name__ == "__main__":
    main()
