"""The policy file at start and while the process runs."""

from pathlib import Path

import pytest

from bot.app.policy import LOOK_EVERY_S, PolicyFile, policy_file
from bot.errors import BadSettings
from bot.settings import Settings
from tests.fakes.policies import TEXT

STOPPED = TEXT.replace("kill_switch: false", "kill_switch: true")


class Seconds:
    """Growing seconds, moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "policy.yaml"
    written.write_text(TEXT)
    return written


def test_a_bad_file_is_refused_at_start_with_its_line(file: Path) -> None:
    file.write_text(TEXT.replace("kill_switch: false", "kill_switch: perhaps"))
    with pytest.raises(BadSettings) as refused:
        PolicyFile(file, Seconds())
    assert "policy.yaml: Policy line 3, kill_switch" in refused.value.public
    assert "oakum policy test policy.yaml" in refused.value.hint


@pytest.mark.parametrize("trouble", ["missing", "bytes", "large"])
def test_a_file_that_cannot_be_read_is_refused_at_start(file: Path, trouble: str) -> None:
    if trouble == "missing":
        file.unlink()
    else:
        file.write_bytes(b"\xff\xfe" if trouble == "bytes" else b"#" * 1_000_001)
    with pytest.raises(BadSettings, match=r"policy\.yaml"):
        PolicyFile(file, Seconds())


def test_an_edit_takes_force_within_a_second(file: Path) -> None:
    clock = Seconds()
    policy = PolicyFile(file, clock)
    file.write_text(STOPPED)
    assert not policy.now().kill_switch
    clock.now = LOOK_EVERY_S
    assert policy.now().kill_switch
    assert policy.trouble == ""


def test_a_bad_edit_leaves_the_last_good_policy_in_force_and_is_told_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Seconds()
    policy = PolicyFile(file, clock)
    before = policy.now()
    file.write_text("policy: 1\nrules: everybody\n")
    for second in (1, 2, 3):
        clock.now = float(second)
        assert policy.now() is before
    assert "The last good policy stays in force." in policy.trouble
    assert len([one for one in caplog.records if "not taken over" in str(one.msg)]) == 1
    file.write_text(STOPPED)
    clock.now = 4.0
    assert policy.now().kill_switch
    assert policy.trouble == ""


def test_a_file_that_goes_away_leaves_the_last_good_policy_in_force(file: Path) -> None:
    clock = Seconds()
    policy = PolicyFile(file, clock)
    before = policy.now()
    file.unlink()
    clock.now = 1.0
    assert policy.now() is before
    assert policy.trouble


def test_without_the_setting_there_is_no_policy() -> None:
    assert policy_file(Settings(), Seconds()) is None
