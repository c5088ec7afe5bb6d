"""What can go wrong on this floor.

ToolsError
├── UnknownName        no such cluster, namespace, benchmark, control, object; carries the nearest
├── NotAllowed         the asker's scope does not hold that cluster or namespace
│   └── NotEditable    a manifest that is not to be edited: a template, a link, a redacted snapshot
├── BadArgument        a query argument of the wrong form
├── ClusterUnreachable no connection, time-out, or the server kept failing
├── AccessRefused      credentials refused (401) or expired
├── NotSent            a write that never left; nothing can have come of it
├── NoAnswer           a write whose result is not known; never to be sent again blindly
├── BadCheck           a check module that discovery refuses (a defect of ours)
├── Moved              an object is no longer as it was when a change was worked out
└── BadAction          an action outside the vocabulary

Each carries `public`, one sentence safe to show anywhere, and `hint`, the next step. A vendor's
error is chained as the cause and never leaves its door. A kind that could not be read is not an
error but a `Gap`.
"""


class ToolsError(Exception):
    """Root of the floor's errors."""

    def __init__(self, public: str, hint: str = "") -> None:
        super().__init__(public)
        self.public = public
        self.hint = hint


class UnknownName(ToolsError):
    """A name that nothing has; `hint` names what exists or the nearest."""


class NotAllowed(ToolsError):
    """Outside what the person asking may see. Says nothing about what lies there."""


class NotEditable(NotAllowed):
    """A manifest that Oakum does not edit; `public` names the file and says why."""


class BadArgument(ToolsError):
    """An argument that cannot be taken as it is."""


class ClusterUnreachable(ToolsError):
    """The API server did not answer in time, or answered with errors until retries ended."""


class AccessRefused(ToolsError):
    """The API server does not accept the credentials."""


class NotSent(ToolsError):
    """No connection for a write: nothing can have come of it."""


class NoAnswer(ToolsError):
    """A write left and no whole answer came: it may have been done. Read before anything else."""


class BadCheck(ToolsError):
    """A module under tools/checks without the documented form."""


class Moved(ToolsError):
    """The object is no longer as it was when a change was worked out; look at it again."""


class BadAction(ToolsError):
    """An action outside the vocabulary: kind, field, value, name or place. Never repeats its text."""
