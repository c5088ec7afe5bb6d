"""A folder that says the version of its cluster, as a snapshot does."""

from tools.cluster.reader import Reader


def versioned(reader: Reader, minor: int) -> Reader:
    """Let a reader say that its cluster runs Kubernetes 1 of this minor version."""

    async def version() -> str:
        return f"v1.{minor}.0"

    reader.version = version  # type: ignore[method-assign]
    return reader
