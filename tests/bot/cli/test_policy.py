"""`oakum policy`: a file's own examples decide its exit code; what it says of a case is explained."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.errors import BadPolicy, BadSettings

SHIPPED = Path(__file__).parents[3] / "deploy" / "policy.yaml"


def oakum(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["policy", *arguments])


def changed(folder: Path, old: str, new: str) -> str:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = folder / "policy.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(file)


def test_the_shipped_policy_is_as_its_examples_say() -> None:
    result = oakum("test", str(SHIPPED))
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("examples come out as expected.\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("staging: {}", "staging: {sandbox: true}\n  other: {}", ""),
        ("production:", "production:\n    sandbox: true", "nobody approves what they asked for"),
        ("kill_switch: false", "kill_switch: true", "kill switch"),
        ("undo_minutes: 15", "undo_minutes: 14", "who approved may undo at once"),
        ("because: Guests", "because: Ghosts", "expected a reason with 'Ghosts'"),
        ("needs: 2", "needs: 1", "expected 1 approvals to be needed, they are 2"),
        ("approve: [shop-lead, platform]", "approve: [platform]", "expected allowed, was refused"),
    ],
)
def test_a_difference_is_told_with_its_line_and_exits_1(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    result = oakum("test", changed(tmp_path, old, new))
    assert result.exit_code == (1 if said else 0), result.output
    assert said in result.stdout
    if said:
        assert "line " in result.stdout


def test_a_file_that_cannot_be_used_is_wrong_usage(tmp_path: Path) -> None:
    broken = oakum("test", changed(tmp_path, "kill_switch:", "kill_swich:"))
    assert isinstance(broken.exception, BadPolicy)
    assert "Policy line 12, kill_swich" in broken.exception.public
    for path in (tmp_path / "absent.yaml", tmp_path):
        assert isinstance(oakum("test", str(path)).exception, BadSettings)
    (tmp_path / "none.yaml").write_text(
        SHIPPED.read_text(encoding="utf-8").partition("\nexamples:")[0], encoding="utf-8"
    )
    none = oakum("test", str(tmp_path / "none.yaml"))
    assert isinstance(none.exception, BadSettings)
    assert "no examples" in none.exception.public


def test_explain_says_who_could_and_why() -> None:
    case = (
        "--cluster",
        "production",
        "--namespace",
        "shop",
        "--action",
        "delete_object",
        "--risk",
        "high",
    )
    result = oakum("explain", *case, "--person", "shop-lead", "--file", str(SHIPPED))
    assert result.exit_code == 0, result.output
    assert "The rule 'shop, risky' decides" in result.stdout
    assert "2 approvals by different people" in result.stdout
    assert "shop-lead may not start it" in result.stdout
    wrong = oakum("explain", *case[:-1], "huge", "--file", str(SHIPPED))
    assert wrong.exit_code == 2
    assert "low, medium or high" in wrong.output
    unknown = oakum("explain", *case[:5], "delete_objects", *case[6:], "--file", str(SHIPPED))
    assert unknown.exit_code == 2
    assert "known: delete_object" in unknown.output
