"""What can go wrong on this floor.

KnowledgeError
├── UnknownBenchmark   no such benchmark file
├── UnknownControl     no such control in that benchmark
├── BadDocument        a guide or benchmark file that does not parse
├── EmbeddingFailed    the endpoint or the local model did not answer
└── IndexDamaged       the index folder cannot be read or written

Each carries `public`, one sentence safe to show anywhere, and `hint`, the next step. The cause is
chained and never shown.
"""


class KnowledgeError(Exception):
    """Root of the floor's errors."""

    def __init__(self, public: str, hint: str = "") -> None:
        super().__init__(public)
        self.public = public
        self.hint = hint


class UnknownBenchmark(KnowledgeError):
    """No benchmark of that name is shipped."""


class UnknownControl(KnowledgeError):
    """The benchmark has no control of that id."""


class BadDocument(KnowledgeError):
    """A guide or benchmark file does not have the documented form."""


class EmbeddingFailed(KnowledgeError):
    """No vector could be made: endpoint down, wrong key, wrong or altered model files."""


class IndexDamaged(KnowledgeError):
    """The index cannot be read or written; search goes on without its dense side."""
