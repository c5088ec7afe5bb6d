"""Takes the README's picture from the running demo: `python -m tests.picture`.

Asks for a fix in the local Slack, has the colleague approve it, opens the thread in a real browser, saves
deploy/demo/oakum.png.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deploy" / "demo"))

import run  # noqa: E402
import workspace  # noqa: E402

from tests.fakes.browser import browser  # noqa: E402


async def take(address: str, file: Path) -> None:
    """Open the thread and save what a person sees of its end."""
    async with browser(1500, 1060) as page:
        await page.open(address)
        await page.until("/\\d+ replies/.test(document.body.innerText)")
        count = re.search(r"\d+ replies", await page.text())
        assert count
        await page.click(count.group())
        await page.until("document.body.innerText.includes('Done and verified')")
        await asyncio.sleep(1)
        await page.picture(file)


def main() -> None:
    """Have a fix approved and photograph the thread."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "deploy" / "demo" / "oakum.png"
    with tempfile.TemporaryDirectory() as data, workspace.running(Path(data)) as place:
        place.say(f"<@U0OAKUM> {run.QUESTIONS[0]}")
        place.answer_after(1)
        place.say(f"<@U0OAKUM> {run.FIX}")
        card = place.card_that("Waits for", 0)
        place.press(card, run.labelled(card, "Approve"), workspace.COLLEAGUE)
        place.card_that("Done and verified", 0)
        asyncio.run(take(place.address, target))


if __name__ == "__main__":
    main()
