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
        one.read_text() for one in (ROOT / "bot/slack").rglob("*.py") if one.stem != "surface"
    )
    named = set(
        re.findall(
            r'"((?:chat|users|usergroups|views|files|reactions|conversations|auth|assistant)\.[\w.]+)"',
            source,
        )
    )

    assert named == set(METHODS)


def test_the_executors_own_app_reads_no_questions_and_has_no_more_than_cards_need():
    manifest = yaml.safe_load((ROOT / "deploy/slack/approvals.yaml").read_text())
    cards = (
        "chat.postMessage",
        "chat.postEphemeral",
        "chat.update",
        "users.info",
        "users.conversations",
        "usergroups.list",
        "files.completeUploadExternal",
        "views.open",
        "conversations.replies",
    )
    needed = {scope for name in cards for scope in METHODS[name].scopes} - {"im:history"}

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
    assert set(manifest["features"]) == {"bot_user"}
    assert "event_subscriptions" not in manifest["settings"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
