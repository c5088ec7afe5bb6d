"""The far end of an OpenAI-compatible `/embeddings`: hashes words into vectors.

Model `broken` answers 500, and so does any while `refuse` is set.
"""

import json
import re
import zlib
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

SIZE = 64


class EmbeddingsHandler(BaseHTTPRequestHandler):
    """Serves one request after another; equal words make near vectors."""

    refuse: ClassVar[bool] = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.refuse or body["model"] == "broken":
            self._send(500, {"error": {"message": "internal secret detail"}})
            return
        rows = [
            {"object": "embedding", "index": at, "embedding": vector(text)}
            for at, text in enumerate(body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        self._send(200, {"object": "list", "data": rows, "model": body["model"], "usage": usage})

    def _send(self, status: int, answer: dict[str, object]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Stay silent."""


def vector(text: str) -> list[float]:
    """Count words by a hash of each."""
    row = [0.01] * SIZE
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        row[zlib.crc32(word.encode()) % SIZE] += 1.0
    return row
