"""What can go wrong on this floor.

ToolsError
├── UnknownName        no such cluster, namespace, benchmark, control, object; carries the nearest
├── NotAllowed         the asker's scope does not hold that cluster or namespace
├── BadArgument        a query argument of the wrong form
├── ClusterUnreachable no connection, time-out, or the server kept failing
├── AccessRefused      credentials refused (401) or expired
└── BadCheck           a check module that discovery refuses (a defect of ours)

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


class BadArgument(ToolsError):
    """An argument that cannot be taken as it is."""


class ClusterUnreachable(ToolsError):
    """The API server did not answer in time, or answered with errors until retries ended."""


class AccessRefused(ToolsError):
    """The API server does not accept the credentials."""


class BadCheck(ToolsError):
    """A module under tools/checks without the documented form."""
