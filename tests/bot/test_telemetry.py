import json
import logging
import re

import pytest
import structlog
from prometheus_client import REGISTRY, generate_latest

from bot import telemetry
from bot.errors import ModelUnavailable

KEY = "sk-proj-" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4"
DSN = "postgresql://oakum:hunter2-and-more@db/oakum"


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raising
    structlog.reset_defaults()


@pytest.fixture
def lines(capsys):
    """Run something with logging set up and give the lines that it logged."""

    def logged(act):
        telemetry.setup_logging(json=True, level="info")
        act()
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return logged


def failure():
    """An error of ours, raised from a vendor's whose words hold a key."""
    try:
        try:
            raise OSError(f"401 for Authorization: Bearer {KEY}")
        except OSError as cause:
            raise ModelUnavailable("The model refuses the key.", "Check it.") from cause
    except ModelUnavailable as error:
        return error


def test_an_incident_is_logged_whole_but_for_its_secrets(lines):
    request = "e4bca41e-ffca-49c0-ae50-020c7ede2274"
    shown = []
    (line,) = lines(lambda: shown.append(telemetry.incident(failure(), request=request, dsn=DSN)))

    assert re.fullmatch(r"ok-[0-9a-f]{6}", line["incident"])
    assert [line["incident"]] == shown
    assert line["request"] == request
    assert "in failure" in line["exception"]
    assert "OSError: 401 for" in line["exception"], "the cause belongs to it"
    assert "ModelUnavailable: The model refuses the key." in line["exception"]
    assert KEY not in str(line)
    assert "hunter2" not in str(line)


def test_incident_ids_cannot_be_guessed_from_each_other():
    assert len({telemetry.incident(failure()) for _ in range(50)}) == 50


def test_a_log_line_of_any_library_is_redacted(lines):
    def act():
        logging.getLogger("some.library").warning("using %s", DSN, extra={"key": KEY})
        structlog.get_logger("x").info("started", key=KEY, nested={"at": [DSN.encode(), {DSN}]})
        try:
            raise ValueError(KEY)
        except ValueError:
            logging.getLogger("some.library").exception("failed")

    read = lines(act)
    assert [line["event"] for line in read][1:] == ["started", "failed"]
    assert read[0]["event"].startswith("using postgresql://")
    assert KEY not in str(read)
    assert "hunter2" not in str(read)


def test_a_value_whose_name_says_secret_is_masked_whatever_it_is(lines):
    facts = {"password": "summer", "config": {"api_key": "short"}, "tokens": 7}
    (line,) = lines(lambda: telemetry.logger("x").info("login", **facts))

    assert "summer" not in str(line)
    assert "short" not in str(line)
    assert line["tokens"] == 7


def test_an_object_in_a_log_line_becomes_redacted_text(lines):
    class Settings:
        def __str__(self):
            return f"Settings({DSN})"

    facts = {"settings": Settings(), "missing": None, "ready": True}
    (line,) = lines(lambda: telemetry.logger("x").info("read", **facts))

    assert line["settings"].startswith("Settings(postgresql://")
    assert "hunter2" not in line["settings"]
    assert (line["missing"], line["ready"]) == (None, True)


def test_a_long_text_is_cut_and_says_so(lines):
    (line,) = lines(lambda: telemetry.logger("x").info("answered", body="word " * 100_000))

    assert len(line["body"]) < telemetry.MAX_CHARS + 100
    assert line["body"].endswith("(cut, 500000 characters)")


def test_lines_below_the_level_are_not_written(lines):
    assert lines(lambda: logging.getLogger("quiet").debug("nothing to see")) == []


def test_words_for_a_person_are_redacted_and_cannot_move_the_cursor(capsys):
    telemetry.setup_logging(json=False, level="info")
    telemetry.incident(failure(), image="\x1b[2Jnginx\x9b1A")
    said = capsys.readouterr().err

    assert "The model refuses the key." in said
    assert KEY not in said
    assert "\x1b[2J" not in said
    assert "\x9b" not in said


def test_an_incident_without_logging_set_up_is_redacted_too(capsys):
    logging.getLogger().handlers.clear()
    telemetry.incident(failure())
    said = capsys.readouterr()

    assert "The model refuses the key." in said.err
    assert KEY not in said.err + said.out


def test_a_terminal_logs_to_a_private_file(tmp_path):
    where = telemetry.log_to_user_folder(tmp_path / "oakum")
    shown = telemetry.incident(failure())

    file = tmp_path / "oakum" / "oakum.log"
    assert where == str(file)
    assert json.loads(file.read_text())["incident"] == shown
    assert file.stat().st_mode & 0o077 == 0


def test_where_no_file_can_be_written_the_log_goes_to_standard_error(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    where = telemetry.log_to_user_folder(tmp_path / "file")
    shown = telemetry.incident(failure())

    assert where == "standard error"
    assert shown in capsys.readouterr().err


def test_no_metric_has_a_label_beyond_the_closed_sets():
    for outcome in telemetry.Outcome:
        telemetry.QUESTIONS.labels(outcome=outcome).inc(0)
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("oakum_")]
    labels = {name for metric in ours for sample in metric.samples for name in sample.labels}

    assert labels <= {"outcome", "direction", "result", "state", "le"}
    assert b'oakum_questions_total{outcome="answered"}' in generate_latest()


def test_an_incident_is_counted():
    before = REGISTRY.get_sample_value("oakum_incidents_total") or 0
    telemetry.incident(failure())
    assert REGISTRY.get_sample_value("oakum_incidents_total") == before + 1
