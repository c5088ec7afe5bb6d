"""What Oakum tells those who run it: log lines, incident ids, metrics.

Every string of a log line goes through `tools.redact`, whichever library wrote it. Labels of metrics
are closed sets: no person, channel, cluster or text. Used everywhere in `bot` above `settings`.
"""

import logging
import secrets
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, cast

import structlog
from prometheus_client import Counter, Gauge, Histogram
from structlog.typing import EventDict, Processor, WrappedLogger

from tools import redact

MAX_CHARS = 32_768
"""Of one string in a log line; what is longer is cut, and says so."""
_MAX_READ = 1_048_576
_MAX_DEPTH = 6
_CHATTY = ("alembic", "bm25s", "httpx2")
"""Libraries that tell each of their steps."""
_PLAIN = frozenset({"timestamp", "level", "incident"})
"""Fields that we make ourselves."""
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
"""What could move the cursor of whoever reads the log in a terminal."""


class Outcome(StrEnum):
    """How a question ended: the label of QUESTIONS."""

    ANSWERED = "answered"
    FAILED = "failed"
    """An incident; the person saw its id."""
    INTERRUPTED = "interrupted"
    """Interrupted twice and ended with an honest message."""
    REFUSED = "refused"
    """A person or place that is not served."""


QUESTIONS = Counter("oakum_questions", "Questions that ended, by outcome.", ["outcome"])
WAITING = Gauge("oakum_questions_waiting", "Questions in the inbox that are not finished.")
ACK_SECONDS = Histogram(
    "oakum_ack_seconds",
    "From Slack's event until it was acknowledged.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
)
FIRST_SIGN_SECONDS = Histogram(
    "oakum_first_sign_seconds",
    "From a question's arrival until something was visible.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10),
)
ANSWER_SECONDS = Histogram(
    "oakum_answer_seconds",
    "From a question's arrival until its answer was complete.",
    buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
)
MODEL_TOKENS = Counter("oakum_model_tokens", "Tokens of the language model.", ["direction"])
"""Direction: `input` or `output`."""
SLACK_SENDS = Counter("oakum_slack_sends", "Calls of Slack's Web API that write.", ["result"])
"""Result: `sent`, `limited` (a 429, waited out) or `failed`."""
SCAN_SECONDS = Histogram(
    "oakum_scan_seconds",
    "Duration of one scan of one cluster.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120),
)
PROPOSALS = Gauge("oakum_proposals", "Proposals, by state.", ["state"])
EXECUTIONS = Counter("oakum_executions", "Executions that ended, by outcome.", ["outcome"])
REHEARSAL_SECONDS = Histogram(
    "oakum_rehearsal_seconds",
    "From the claim of a draft until it was sealed, blocked or handed over.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)
EXECUTION_SECONDS = Histogram(
    "oakum_execution_seconds",
    "From the claim of an approved proposal, or its take-over, until its end.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800),
)
READY = Gauge("oakum_ready", "1 when questions are answered, else 0.")
INCIDENTS = Counter("oakum_incidents", "Failures that were given an incident id.")


def setup_logging(json: bool, level: str) -> None:
    """Send every log line of the process to standard error, redacted.

    Args:
        json: one JSON object a line; else words for a person.
        level: `debug`, `info`, `warning` or `error`.
    """
    _send_to(logging.StreamHandler(sys.stderr), json, level)


def log_to_user_folder(folder: Path | None = None) -> str:
    """Send log lines to a file of this user, for commands whose terminal is for the answer.

    The file is private, at most 5 MB and one older one. Returns where the lines go: the file's path,
    or standard error where it cannot be written.
    """
    file = (folder or Path.home() / ".local/share/oakum") / "oakum.log"
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        handler = RotatingFileHandler(file, maxBytes=5_000_000, backupCount=1, encoding="utf-8")
    except OSError:
        setup_logging(json=False, level="warning")
        return "standard error"
    _send_to(handler, json=True, level="info")
    return str(file)


def where_lines_go() -> str:
    """Say where log lines go: the file's path, or standard error; empty before either is chosen."""
    handlers = logging.getLogger().handlers
    files = [one.baseFilename for one in handlers if isinstance(one, RotatingFileHandler)]
    return files[0] if files else "standard error" if handlers else ""


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Give a logger that takes facts as keywords: `log.info("started", cluster=name)`."""
    return structlog.wrap_logger(
        logging.getLogger(name),
        processors=[*_FACTS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def incident(error: BaseException, **facts: object) -> str:
    """Log a failure in full, redacted, with its causes; returns the id to show to the person."""
    incident_id = f"ok-{secrets.token_hex(3)}"
    INCIDENTS.inc()
    logger("oakum").error("incident", incident=incident_id, exc_info=error, **facts)
    return incident_id


def redacted(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Redact every string of a log line; what is neither text nor number becomes text first."""
    return {
        key: value if key in _PLAIN or key.startswith("_") else _field(key, value, _MAX_DEPTH)
        for key, value in line.items()
    }


_FACTS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redacted,
]


def _send_to(handler: logging.Handler, json: bool, level: str) -> None:
    """Make one handler the only way out; a line that cannot be written is not shown raw instead."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_FACTS],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler.setFormatter(formatter)
    handler.setLevel(level.upper())
    structlog.configure(
        processors=[*_FACTS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    logging.raiseExceptions = False
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _field(name: str, value: object, depth: int) -> Any:
    """Mask a text whole whose name says that it is secret."""
    hidden = isinstance(value, str | bytes) and redact.names_secret(name)
    return redact.MASK if hidden else _redacted(value, depth)


def _redacted(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return _text(value[:_MAX_READ].decode("utf-8", "replace"))
    if depth and isinstance(value, Mapping):
        parts = cast("Mapping[object, object]", value)
        return {_text(str(key)): _field(str(key), part, depth - 1) for key, part in parts.items()}
    if depth and isinstance(value, Sequence | frozenset | set):
        return [_redacted(part, depth - 1) for part in cast("Sequence[object]", value)]
    return _text(str(value))


def _text(value: str) -> str:
    safe = redact.text(value[:_MAX_READ]).translate(_CONTROL)
    if len(safe) <= MAX_CHARS and len(value) <= _MAX_READ:
        return safe
    return f"{safe[:MAX_CHARS]} ... (cut, {len(value)} characters)"
