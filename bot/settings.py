"""One frozen `Settings`, from oakum.yaml and the environment, read once by the command that needs it.

Holds every setting with its unit, default and reason, and nothing else: `bot.app` turns it into the
configuration of each part. Order: environment (`OAKUM_MODEL__NAME=...`), then oakum.yaml, then the
default. Secrets are taken from the environment or from the file that `NAME_FILE` names, never from
oakum.yaml. Used by `bot.app` and `bot.cli` only.
"""

import difflib
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
    model_validator,
)

from bot.errors import BadSettings
from tools.types import ALL, Namespaces

SEE = "REFERENCE.md and deploy/oakum.yaml show every setting."
_PLAINLY = {
    "dict_type": "it must hold keys and values",
    "model_type": "it must hold keys and values",
    "tuple_type": "it must be a list",
    "int_parsing": "it must be a whole number",
    "int_type": "it must be a whole number",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
    "string_type": "it must be text",
    "path_type": "it must be a path",
}
"""The kinds of trouble that pydantic words for programmers, in plain words."""
MAX_FILE_BYTES = 1_000_000
"""A larger oakum.yaml is refused."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExecutorAccount(_Part):
    """The account that changes a cluster, apart from the one that reads it."""

    kubeconfig: Path | None = Field(
        default=None, description="Path of its kubeconfig file; empty: the cluster's own."
    )
    context: str = Field(default="", description="Its context in that file.")


class Cluster(_Part):
    """One cluster: exactly one of `kubeconfig`, `in_cluster`, `folder`."""

    kubeconfig: Path | None = Field(default=None, description="Path of a kubeconfig file.")
    context: str = Field(default="", description="Context in that file; empty for its current one.")
    in_cluster: bool = Field(
        default=False, description="Use the service account of the pod Oakum runs in."
    )
    folder: Path | None = Field(
        default=None, description="A folder of manifests instead of a live cluster."
    )
    requests_per_second: float = Field(
        default=20.0, gt=0, le=500, description="Most requests a second to this API server."
    )
    timeout_s: float = Field(default=30.0, gt=0, le=600, description="Seconds for one request.")
    configmaps: bool = Field(default=False, description="Open ConfigMap values (redacted).")
    logs: bool = Field(default=False, description="Open pod logs (redacted).")
    checkout: Path | None = Field(
        default=None,
        description="Folder of its manifests in a Git checkout: what their owner (Argo CD, Flux, Helm, an "
        "administrator) has to change is committed there on a branch, ready to push.",
    )
    executor: ExecutorAccount = Field(
        default=ExecutorAccount(),
        description="Credentials that change it; empty: those that read it (simple installation).",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [bool(self.kubeconfig), self.in_cluster, bool(self.folder)]
        if self.context and not self.kubeconfig and not any(sources):
            return self
        if sum(sources) != 1:
            raise ValueError("needs exactly one of kubeconfig, in_cluster and folder")
        return self


class SlackMode(StrEnum):
    """How Slack reaches Oakum."""

    SOCKET = "socket"
    HTTP = "http"


_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _seen(value: object) -> Namespaces:
    """Read what a channel may see of a cluster; nothing that is empty or left out means all."""
    if value in ("all", "*", ["*"]):
        return ALL
    if not isinstance(value, list | tuple) or not value:
        raise ValueError("it must be `all`, or a list of namespaces that is not empty")
    names = tuple(str(name) for name in cast("list[object]", value))
    if not all(_NAMESPACE.fullmatch(name) for name in names):
        raise ValueError("a list must hold names of namespaces; for all of them write `all` alone")
    return names


Seen = Annotated[Namespaces, PlainValidator(_seen)]


class Slack(_Part):
    """The Slack side. Tokens: SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET."""

    mode: SlackMode = Field(
        default=SlackMode.SOCKET, description="`socket`, or `http` behind your ingress."
    )
    base_url: str = Field(default="https://slack.com/api/", description="Slack's Web API.")
    profile: Literal["modern", "classic"] = Field(
        default="modern", description="`classic` uses only blocks that every client draws."
    )
    channels: dict[str, dict[str, Seen]] = Field(
        default_factory=dict[str, dict[str, Seen]],
        description="Per channel id: cluster name to a list of namespaces, or `all`. Others see nothing.",
    )
    link_hosts: tuple[str, ...] = Field(
        default=("kubernetes.io", "www.cisecurity.org", "csrc.nist.gov", "github.com"),
        description="Hosts that answers may link to; every other address is shown as inert text.",
    )
    serve_guests: bool = Field(default=False, description="Answer guests of the workspace.")
    serve_other_organisations: bool = Field(
        default=False, description="Answer people of other organisations (Slack Connect)."
    )
    ledger_channel: str = Field(
        default="",
        description="Channel id where the ledger's head is noted every hour in which it grew.",
    )
    workers: int = Field(default=8, ge=1, le=64, description="Threads answered side by side.")


class Model(_Part):
    """The language model. Key: OPENAI_API_KEY; without it the offline model answers."""

    name: str = Field(default="gpt-5-mini", description="Model name at the endpoint.")
    base_url: str = Field(
        default="", description="OpenAI-compatible endpoint; empty: OPENAI_BASE_URL."
    )
    responses_api: bool = Field(default=False, description="Use OpenAI's Responses API.")
    timeout_s: float = Field(default=60.0, gt=0, le=600, description="Seconds for one model call.")
    offline: bool = Field(default=False, description="Never call a model, even with a key.")
    input_price: float = Field(
        default=0.0, ge=0, description="Price of a million input tokens; 0: unknown."
    )
    output_price: float = Field(
        default=0.0, ge=0, description="Price of a million output tokens; 0: unknown."
    )


class Limits(_Part):
    """What one question, and one person in one day, may use."""

    steps: int = Field(default=12, ge=1, le=50, description="Model turns of one question.")
    calls: int = Field(default=24, ge=1, le=200, description="Queries of one question.")
    identical_calls: int = Field(default=3, ge=1, le=10, description="The same query again.")
    tokens: int = Field(default=120_000, ge=1_000, description="Tokens of one question.")
    seconds: float = Field(
        default=180.0, gt=0, le=1_800, description="Wall seconds of one question."
    )
    questions_per_day: int = Field(
        default=200, ge=1, description="Questions of one person in a day (UTC)."
    )
    tokens_per_day: int = Field(
        default=2_000_000, ge=1_000, description="Tokens of one person in a day."
    )
    cost_per_day: float = Field(
        default=0.0,
        ge=0,
        description="Cost of one person in a day, in the prices' currency; 0: no limit.",
    )


class Embedding(_Part):
    """Vectors for search. Nothing is ever downloaded. Key: OAKUM_EMBEDDING_API_KEY."""

    kind: Literal["none", "local", "endpoint"] = Field(
        default="none", description="Where vectors come from."
    )
    folder: Path | None = Field(default=None, description="`local`: the MiniLM folder you fetched.")
    base_url: str = Field(default="", description="`endpoint`: an OpenAI-compatible service.")
    model: str = Field(default="", description="`endpoint`: the model's name.")
    timeout_s: float = Field(default=20.0, gt=0, le=120, description="Seconds for one call.")


class Web(_Part):
    """The one HTTP listener: /healthz, /readyz, /metrics, and Slack's route in HTTP mode."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8710, ge=0, le=65_535, description="Port; 0 for any free one.")


class Settings(_Part):
    """Everything that can be set."""

    clusters: dict[str, Cluster] = Field(
        default_factory=dict[str, Cluster], description="By the name people use in questions."
    )
    slack: Slack = Slack()
    model: Model = Model()
    limits: Limits = Limits()
    embedding: Embedding = Embedding()
    web: Web = Web()
    library: Path | None = Field(default=None, description="A folder of further guides (Markdown).")
    data: Path = Field(
        default_factory=lambda: Path.home() / ".local/share/oakum",
        description="Folder of the embedded database, the index and the terminal's log.",
    )
    store: str = Field(
        default="", description="Database URL without password; empty: SQLite in `data`."
    )
    keep_days: int = Field(
        default=90, ge=1, le=3_650, description="Days that threads and scans are kept."
    )
    policy: Path | None = Field(
        default=None,
        description="Policy file: who may have what changed. None: nothing is changed.",
    )
    log_json: bool = Field(default=False, description="Log as JSON lines.")
    slack_bot_token: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    openai_api_key: SecretStr = SecretStr("")
    embedding_api_key: SecretStr = SecretStr("")
    store_password: SecretStr = SecretStr("")
    ledger_key: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _channels_name_clusters(self) -> Self:
        for channel, seen in self.slack.channels.items():
            for name in seen:
                if name not in self.clusters:
                    raise ValueError(
                        f"slack.channels.{channel} names {name}, which is no cluster of `clusters`"
                    )
        return self


SECRETS: Mapping[str, str] = {
    "slack_bot_token": "SLACK_BOT_TOKEN",
    "slack_app_token": "SLACK_APP_TOKEN",
    "slack_signing_secret": "SLACK_SIGNING_SECRET",
    "openai_api_key": "OPENAI_API_KEY",
    "embedding_api_key": "OAKUM_EMBEDDING_API_KEY",
    "store_password": "OAKUM_STORE_PASSWORD",
    "ledger_key": "OAKUM_LEDGER_KEY",
}
"""Field -> environment variable; `NAME_FILE` may name a file that holds it instead."""


def load(file: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings.

    `file` None takes OAKUM_CONFIG, else ./oakum.yaml if it is there. Raises `BadSettings` naming the
    key; no value is ever repeated in the message, since it may be a secret.
    """
    chosen = file or (Path(environment["OAKUM_CONFIG"]) if "OAKUM_CONFIG" in environment else None)
    values = _from_file(chosen) if chosen else _from_default()
    for field in SECRETS:
        if field in values:
            raise BadSettings(
                f"The configuration holds {field}, and secrets do not belong there",
                f"Set the environment variable {SECRETS[field]} or {SECRETS[field]}_FILE instead.",
            )
    _overlay(values, environment)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _readable(error) from error
    if not settings.model.base_url and environment.get("OPENAI_BASE_URL"):
        model = settings.model.model_copy(update={"base_url": environment["OPENAI_BASE_URL"]})
        settings = settings.model_copy(update={"model": model})
    return settings


def _from_default() -> dict[str, Any]:
    default = Path("oakum.yaml")
    return _from_file(default) if default.is_file() else {}


def _from_file(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BadSettings(f"{file.name} is larger than {MAX_FILE_BYTES:,} bytes", "Shorten it.")
        values = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise BadSettings(
            f"The configuration file {file.name} cannot be read", "Check its path and rights."
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise BadSettings(f"{file.name} is not valid YAML{line}", "Mend that line.") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise BadSettings(f"{file.name} must hold keys and values", SEE)
    return _anchored(_mapping(cast("object", values)), file.parent)


def _anchored(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make relative paths relative to the file that names them, `~` the home folder."""
    clusters = values.get("clusters")
    parts = list(_mapping(clusters).values())
    paths = [
        (_mapping(part), key) for part in parts for key in ("folder", "kubeconfig", "checkout")
    ]
    paths += [(_mapping(_mapping(part).get("executor")), "kubeconfig") for part in parts]
    paths += [(values, "library"), (values, "data"), (values, "policy")]
    paths.append((_mapping(values.get("embedding")), "folder"))
    for part, key in paths:
        if isinstance(part.get(key), str):
            part[key] = folder / Path(part[key]).expanduser()
    return values


def _mapping(value: object) -> dict[str, Any]:
    """Give a mapping to look into; whatever else stands there is left to the validation."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Put the environment over the file's values: OAKUM_SECTION__KEY, and the secrets.

    A name without `__` that is no setting is left alone: Kubernetes gives pods OAKUM_PORT and the like
    where a Service has our name. With it, it is a setting mistyped, and refused as in the file.
    """
    for name, text in environment.items():
        if not name.startswith("OAKUM_") or name in SECRETS.values():
            continue
        path = name.removeprefix("OAKUM_").lower().split("__")
        if len(path) == 1 and (path[0] not in Settings.model_fields or path[0] in SECRETS):
            continue
        target = values
        for key in path[:-1]:
            target[key] = _mapping(target.get(key))
            target = target[key]
        try:
            target[path[-1]] = yaml.load(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise BadSettings(f"{name} cannot be read", "Write its value as in YAML.") from error
    for field, variable in SECRETS.items():
        values[field] = _secret(variable, environment)


def _secret(variable: str, environment: Mapping[str, str]) -> str:
    file = environment.get(f"{variable}_FILE")
    if not file:
        return environment.get(variable, "").strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"The file that {variable}_FILE names cannot be read", "Check its path and rights."
        ) from error


def _readable(error: ValidationError) -> BadSettings:
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(path)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _names(path[:-1]), n=3)
        return BadSettings(
            f"There is no setting {key}", f"Nearest: {', '.join(near)}." if near else SEE
        )
    trouble = _PLAINLY.get(first["type"], first["msg"].removeprefix("Value error, "))
    return BadSettings(f"The setting {key} cannot be used: {trouble}" if key else trouble, SEE)


def _names(path: list[str]) -> list[str]:
    """Give the settings that stand where a path leads to."""
    part: type[BaseModel] = Cluster if path[:1] == ["clusters"] else Settings
    for name in () if part is Cluster else path:
        field = part.model_fields[name].annotation
        if isinstance(field, type) and issubclass(field, BaseModel):
            part = field
    return [name for name in part.model_fields if name not in SECRETS]
