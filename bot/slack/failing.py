"""What people are told of what went wrong with a press or a form of theirs. Used by who receives them."""

from bot.errors import BotError
from bot.slack.desk import sentence
from bot.telemetry import incident
from tools.errors import ToolsError


def failed(error: Exception, action: str) -> str:
    """Say why nothing came of it; what was not foreseen is an incident."""
    if isinstance(error, BotError):
        return sentence(error)
    if isinstance(error, ToolsError):
        return f"{error.public} {error.hint}".strip()
    number = incident(error, action=action)
    return f"Something went wrong on our side; the log has it as {number}."
