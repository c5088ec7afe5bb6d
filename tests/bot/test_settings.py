"""The configuration: where values come from, what is refused, and that secrets stay out of sight."""

from pathlib import Path

import pytest

from bot.errors import BadSettings
from bot.settings import Settings, load
from tools.types import ALL

SECRET = "xoxb-not-a-real-token"


def write(folder: Path, text: str) -> Path:
    file = folder / "oakum.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_work_without_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {})
    assert settings.clusters == {}
    assert settings.limits.identical_calls == 3
    assert settings.slack.channels == {}


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    file = write(tmp_path, "clusters: {shop: {folder: manifests}}\ndata: state\n")
    settings = load(file, {})
    assert settings.clusters["shop"].folder == tmp_path / "manifests"
    assert settings.data == tmp_path / "state"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "model: {name: one, timeout_s: 5}\n")
    settings = load(file, {"OAKUM_MODEL__NAME": "two", "OAKUM_KEEP_DAYS": "30"})
    assert (settings.model.name, settings.model.timeout_s, settings.keep_days) == ("two", 5, 30)


def test_a_mistyped_section_in_the_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        load(write(tmp_path, ""), {"OAKUM_MODLE__NAME": "two"})
    assert "modle" in caught.value.public
    assert "model" in caught.value.hint


def test_what_kubernetes_puts_into_the_environment_is_left_alone(tmp_path: Path) -> None:
    told = {"OAKUM_PORT": "tcp://10.0.0.1:8710", "OAKUM_SERVICE_HOST": "10.0.0.1"}
    assert load(write(tmp_path, ""), told) == load(write(tmp_path, ""), {})


CHANNEL = "clusters: {prod: {folder: a}}\nslack: {channels: {C1: {prod: %s}}}\n"


@pytest.mark.parametrize(
    ("written", "seen"),
    [("all", ALL), ("'*'", ALL), ("['*']", ALL), ("[a, b]", ("a", "b")), ("[all]", ("all",))],
)
def test_a_channel_sees_the_namespaces_of_its_list_or_all(
    tmp_path: Path, written: str, seen: object
) -> None:
    file = write(tmp_path, CHANNEL % written)
    assert load(file, {}).slack.channels == {"C1": {"prod": seen}}


@pytest.mark.parametrize(
    "written", ["[]", "", "{}", "''", "shop", "true", "[a, '*']", "['']", "[Shop]", "[a, 1.5]"]
)
def test_nothing_empty_or_unclear_opens_a_namespace(tmp_path: Path, written: str) -> None:
    with pytest.raises(BadSettings, match=r"C1\.prod cannot be used") as caught:
        load(write(tmp_path, CHANNEL % written), {})
    assert "`all`" in caught.value.public


def test_secrets_come_from_the_environment_or_a_file_and_never_print(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-from-a-file\n", encoding="utf-8")
    settings = load(
        write(tmp_path, ""), {"SLACK_BOT_TOKEN": SECRET, "OPENAI_API_KEY_FILE": str(key)}
    )
    assert settings.slack_bot_token.get_secret_value() == SECRET
    assert settings.openai_api_key.get_secret_value() == "sk-from-a-file"
    assert SECRET not in repr(settings)
    assert "sk-from" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("slack_bot_token: xoxb-not-a-real-token", "slack_bot_token"),
        ("clusters: {prod: {folder: a, in_cluster: true}}", "clusters.prod"),
        ("clusters: {prod: {}}", "clusters.prod"),
        ("clusters: nonsense", "clusters"),
        (
            "limits: {steps: xoxb-not-a-real-token}",
            "limits.steps cannot be used: it must be a whole",
        ),
        ("slack: {channels: {C1: [prod]}}", "slack.channels.C1 cannot be used: it must hold keys"),
        ("slack: {channels: {C1: {prd: '*'}}}", "slack.channels.C1 names prd"),
        ("colour: blue", "colour"),
        ("model: [", "line"),
        ("- a list", ""),
    ],
)
def test_what_cannot_be_used_is_named_without_its_value(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        load(write(tmp_path, text), {})
    assert says in caught.value.public
    assert caught.value.hint
    assert SECRET not in caught.value.public + caught.value.hint


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("keep_dayz: 3", "keep_days"),
        ("web: {prot: 1}", "port"),
        ("clusters: {prod: {folder: a, timeout: 3}}", "timeout_s"),
    ],
)
def test_a_misspelt_setting_is_answered_with_the_nearest(
    tmp_path: Path, text: str, nearest: str
) -> None:
    with pytest.raises(BadSettings, match="There is no setting") as caught:
        load(write(tmp_path, text), {})
    assert nearest in caught.value.hint


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load(tmp_path / "absent.yaml", {})


def test_every_setting_says_what_it_is() -> None:
    undocumented = [
        f"{part.__name__}.{name}"
        for part in [Settings, *Settings.__bases__[0].__subclasses__()]
        for name, field in part.model_fields.items()
        if not field.description and field.annotation not in _PARTS and "secret" not in _kind(field)
    ]
    assert undocumented == []


_PARTS = tuple(Settings.__bases__[0].__subclasses__())


def _kind(field: object) -> str:
    return str(getattr(field, "annotation", "")).lower()
