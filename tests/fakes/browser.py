"""A headless Chromium that tests and pictures steer over its DevTools protocol.

Needs the program `chromium`. One page per browser; every wait has an end and names what it waited for.
"""

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
WAIT_S = 30.0


class Page:
    """One page of a running browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call one DevTools method and wait for its reply."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(WAIT_S):
            while True:
                reply = await self._socket.receive_json()
                if reply.get("id") == self._number:
                    return reply.get("result", {})

    async def open(self, address: str) -> None:
        """Go to an address."""
        await self.send("Page.enable")
        await self.send("Page.navigate", url=address)

    async def run(self, script: str) -> Any:
        """Run JavaScript in the page; gives its value."""
        result = await self.send("Runtime.evaluate", expression=script, returnByValue=True)
        return result.get("result", {}).get("value")

    async def until(self, script: str) -> Any:
        """Wait until JavaScript gives something true."""
        async with asyncio.timeout(WAIT_S):
            while not (value := await self.run(script)):
                await asyncio.sleep(0.05)
        return value

    async def click(self, text: str) -> None:
        """Click the last element that shows exactly this text, as soon as there is one."""
        find = (
            "[...document.querySelectorAll('button, a, span, div')]"
            f".filter(e => e.textContent.trim() === {json.dumps(text)}).pop()"
        )
        await self.until(f"!!({find})")
        await self.run(f"({find}).click()")

    async def text(self) -> str:
        """Give the words that the page shows."""
        return await self.run("document.body.innerText")

    async def picture(self, file: Path) -> None:
        """Save what the page shows as a PNG."""
        shot = await self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def browser(width: int = 1400, height: int = 900) -> AsyncGenerator[Page, None]:
    """Run a browser with an empty profile; it ends with the block."""
    program = shutil.which("chromium")
    assert program, "chromium is not installed"
    with tempfile.TemporaryDirectory(
        prefix="oakum-browser-", ignore_cleanup_errors=True
    ) as profile:
        child = await asyncio.create_subprocess_exec(
            program, *QUIET, f"--user-data-dir={profile}", f"--window-size={width},{height}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(await _page(session, port), max_msg_size=0) as socket,
            ):
                yield Page(socket)
        finally:
            child.terminate()
            await child.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(WAIT_S):
        while not (file.exists() and file.read_text().strip()):
            await asyncio.sleep(0.05)
    return int(file.read_text().splitlines()[0])


async def _page(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
        pages = await reply.json()
    return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
