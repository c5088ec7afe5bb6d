"""`python -m bot`: the same as `oakum`."""

from bot.cli.main import run

run()
