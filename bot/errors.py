"""What can go wrong on this floor.

BotError
├── BadSettings        oakum.yaml or the environment cannot be used; names the key
├── StoreUnavailable   the database is down, locked or too new
├── ModelUnavailable   the model's endpoint is down, slow, or refuses the key
├── LimitReached       a limit of steps, tokens, time or the day ended the question
├── NotServed          a person or place that Oakum does not answer
├── BadPolicy          the policy file cannot be used; names the line and the key
└── LedgerBroken       a row of the ledger is missing or forged; nothing is executed

Each carries `public`, one sentence safe to show anywhere, and `hint`, the next step. The cause is
chained, goes to the log under an incident id, and is never shown.
"""


class BotError(Exception):
    """Root of the floor's errors."""

    def __init__(self, public: str, hint: str = "") -> None:
        super().__init__(public)
        self.public = public
        self.hint = hint


class BadSettings(BotError):
    """The configuration cannot be used as it is."""


class StoreUnavailable(BotError):
    """The database does not answer."""


class ModelUnavailable(BotError):
    """No answer from the language model."""


class LimitReached(BotError):
    """A stated limit was reached; what was found so far is still answered."""


class NotServed(BotError):
    """Guests, people of other organisations, and places without a configured scope."""


class BadPolicy(BotError):
    """The policy's text cannot be used as it is."""

    def __init__(self, line: int, key: str, what: str, hint: str = "") -> None:
        super().__init__(f"Policy line {line}, {key}: {what}", hint)
        self.line = line
        """Counted from 1."""
        self.key = key
        """Path of the key, as `rules[2].approvals`; lists count from 1."""


class LedgerBroken(BotError):
    """The ledger is not what was written: what depends on it stops."""
