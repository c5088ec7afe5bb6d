"""The manifest asks for exactly what the code uses, no more."""

import re
from pathlib import Path

import pytest
import yaml

from bot.slack.surface import COMMANDS, EVENTS, METHODS, scopes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest():
    return yaml.safe_load((ROOT / "deploy/slack/manifest.yaml").read_text())


def test_scopes_are_those_the_code_needs(manifest):
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == scopes()


def test_no_scope_of_a_person_is_asked(manifest):
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}


def test_events_are_those_the_code_reads(manifest):
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)


def test_commands_are_those_the_code_answers(manifest):
    assert tuple(one["command"] for one in manifest["features"]["slash_commands"]) == COMMANDS


def test_every_method_declared_is_called_and_none_besides():
    source = "".join(
        one.read_text() for one in (ROOT / "bot/slack").glob("*.py") if one.stem != "surface"
    )
    named = set(
        re.findall(
            r'"((?:chat|users|usergroups|views|files|reactions|conversations|auth|assistant)\.[\w.]+)"',
            source,
        )
    )

    assert named == set(METHODS)
