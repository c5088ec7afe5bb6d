"""The `oakum` command: parses, dispatches, and turns errors into one sentence and an exit code."""


def run() -> None:
    """Entry point of the console script."""
