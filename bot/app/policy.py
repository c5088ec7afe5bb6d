"""The policy in force: read from its file at start, looked at again while the process runs.

A file that cannot be used is refused at start. Later the last good one stays in force, the trouble is
logged once and can be asked for. Used by the other files here, which hand `now` to the parts.
"""

from collections.abc import Callable
from pathlib import Path

from bot.approval.policy.file.document import parse
from bot.approval.policy.rules import Policy
from bot.errors import BadPolicy, BadSettings
from bot.settings import Settings
from bot.telemetry import logger

LOOK_EVERY_S = 1.0
MAX_BYTES = 1_000_000
"""A larger policy file is refused."""

_log = logger(__name__)


class PolicyFile:
    """One policy file. `clock` gives growing seconds. Raises BadSettings where the file is no policy."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._text = _read(file)
        self._policy = _parsed(file, self._text)
        self._looked_at = clock()
        self.trouble = ""
        """Why what the file now says is not in force; empty where it is."""

    def now(self) -> Policy:
        """Give the policy in force, after another look at the file where the last is a second ago."""
        if self._clock() - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = self._clock()
            self._look()
        return self._policy

    def _look(self) -> None:
        """Take over what the file says now, or keep the last good policy and say so once."""
        try:
            text = _read(self._file)
            if text != self._text:
                self._policy, self._text = _parsed(self._file, text), text
                _log.info("policy changed", version=self._policy.version)
            self.trouble = ""
        except BadSettings as error:
            trouble = f"{error.public}. The last good policy stays in force."
            if trouble != self.trouble:
                _log.error("policy not taken over", reason=error.public, hint=error.hint)
            self.trouble = trouble


def policy_file(settings: Settings, clock: Callable[[], float]) -> PolicyFile | None:
    """Open the configured policy; None where none is configured. Raises BadSettings."""
    return None if settings.policy is None else PolicyFile(settings.policy, clock)


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadSettings(f"{file.name} is larger than {MAX_BYTES:,} bytes", "Shorten it.")
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"The policy file {file.name} cannot be read",
            "Check the setting policy, and its rights.",
        ) from error


def _parsed(file: Path, text: str) -> Policy:
    try:
        return parse(text)
    except BadPolicy as error:
        hint = f"{error.hint} Try it with: oakum policy test {file.name}".strip()
        raise BadSettings(f"{file.name}: {error.public}".rstrip("."), hint) from error
