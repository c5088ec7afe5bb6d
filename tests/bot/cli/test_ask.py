"""Asking at the terminal: the public JSON form, threads that are remembered and forgotten, chat."""

import asyncio
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import terminal
from bot.cli.main import app
from bot.store import signs
from bot.store.database import open_database

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "hafen"
QUESTION = "is anything in shop privileged?"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OAKUM_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(*arguments: str) -> Any:
    result = CliRunner().invoke(
        app, ["ask", *arguments, "--path", str(DEMO), "--format", "json"], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_json_form_is_the_public_one(home: Path) -> None:
    given = ask(QUESTION)
    assert set(given) >= {
        "text", "citations", "findings", "steps", "not_looked_at", "proposals", "model", "usage",
    }  # fmt: skip
    assert "web" in given["text"]
    assert "5.2.2" in given["text"]
    assert given["model"] == "offline"
    assert "no language model" in given["text"].lower()
    assert {"query", "arguments"} <= set(given["steps"][0])
    assert not (home / "data" / "oakum.db").exists()


def test_a_named_thread_remembers_until_it_is_forgotten() -> None:
    ask("what do you know about the workload web in shop?", "--thread", "review")
    assert "web" in ask("and does it run as root?", "--thread", "review")["text"]
    gone = CliRunner().invoke(app, ["forget", "--thread", "review"])
    assert "Deleted 4" in gone.stdout
    again = CliRunner().invoke(app, ["forget", "--thread", "review"])
    assert "Deleted 0" in again.stdout


POLICY = """\
policy: 1
workspace: T0HOME
clusters:
  port: {{sandbox: true}}
people:
  me: {{slack_users: [local/{user}]}}
  other: {{slack_users: [U0OTHER]}}
rules:
  - name: all
    clusters: [port]
    namespaces: any
    actions: any
    risks: any
    propose: [me]
    approve: [other]
    approvals: 1
"""


def test_a_change_is_asked_for_at_a_terminal_where_a_policy_an_executor_and_a_store_are(
    home: Path,
) -> None:
    def asked(*more: str) -> Any:
        told = CliRunner().invoke(
            app,
            ["ask", "scale web in shop to 5", "--format", "json", *more],
            catch_exceptions=False,
        )
        return json.loads(told.stdout)

    cluster = f"clusters: {{port: {{folder: {DEMO}}}}}"
    (home / "oakum.yaml").write_text(f"data: data\n{cluster}\n", "utf-8")
    assert "No approval policy is configured" in asked("--thread", "a")["text"]
    (home / "policy.yaml").write_text(POLICY.format(user=terminal.system_user()), "utf-8")
    (home / "oakum.yaml").write_text(f"data: data\npolicy: policy.yaml\n{cluster}\n", "utf-8")
    assert "--thread NAME" in asked()["text"]
    assert "No executor is running" in asked("--thread", "b")["text"]
    asyncio.run(_beat(home / "data" / "oakum.db"))
    given = asked("--thread", "c")
    assert len(given["proposals"]) == 1
    assert f"oakum approvals show {given['proposals'][0]}" in given["text"]
    elsewhere = asked("--thread", "d", "--path", str(DEMO))
    assert elsewhere["proposals"] == []


async def _beat(file: Path) -> None:
    db = await open_database(f"sqlite+aiosqlite:///{file}", "")
    await signs.beat(db, signs.EXECUTOR, "w", datetime.now(UTC))
    await db.close()


def test_chat_answers_line_by_line_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO(f"/clusters\n{QUESTION}\n/nonsense\n/new\n/quit\n")
    monkeypatch.setattr("sys.stdin", lines)
    result = CliRunner().invoke(
        app, ["chat", "--path", str(DEMO)], input=lines.getvalue(), catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "Clusters: hafen." in result.stdout
    assert "shop/web" in result.stdout
    assert "Forgot 2 turns." in result.stdout


def test_search_gives_rows_or_an_honest_nothing() -> None:
    found = CliRunner().invoke(app, ["search", "5.2.2", "--format", "json"])
    row = json.loads(found.stdout)[0]
    assert row["control"] == "5.2.2"
    assert set(row) >= {"rank", "control", "passage", "title", "score", "source"}
    nothing = CliRunner().invoke(app, ["search", "how do I bake bread?", "--format", "json"])
    assert json.loads(nothing.stdout) == []


def test_search_for_people_shows_a_sentence_of_the_passage() -> None:
    shown = CliRunner().invoke(app, ["search", "why is a privileged container dangerous?"]).stdout
    first = shown.split("\n 2  ")[0]
    assert "5.2.2  Privileged containers" in first
    assert "securityContext.privileged: true" in first
    assert "https://kubernetes.io/" in first


def test_a_batch_of_questions_gives_a_line_each(home: Path) -> None:
    batch = home / "questions.jsonl"
    batch.write_text(
        '{"id": "a", "question": "hostPID"}\n{"id": "b", "question": "how do I bake bread?"}\n',
        encoding="utf-8",
    )
    lines = CliRunner().invoke(app, ["search", "--batch", str(batch)]).stdout.splitlines()
    first, second = map(json.loads, lines)
    assert first["id"] == "a"
    assert first["results"][0]["control"] == "5.2.3"
    assert second == {"id": "b", "results": []}


def test_a_snapshot_reads_back_the_same(home: Path) -> None:
    (home / "oakum.yaml").write_text(f"clusters: {{demo: {{folder: {DEMO}}}}}", encoding="utf-8")
    done = CliRunner().invoke(app, ["snapshot", "--cluster", "demo", "--output", "copy"])
    assert done.exit_code == 0, done.output
    scans = [
        json.loads(CliRunner().invoke(app, ["scan", "--path", folder, "--format", "json"]).stdout)
        for folder in (str(DEMO), "copy")
    ]
    assert scans[0]["summary"]["fail"] == scans[1]["summary"]["fail"]
