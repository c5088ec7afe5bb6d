"""Values at their place: what a field, a pair, a command or a finding shows of a credential."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.folder_desk import WEB
from tools import redact
from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import KINDS
from tools.reports import csv_report, json_report
from tools.types import (
    ClusterConfig,
    ClusterSource,
    Finding,
    ResourceRef,
    Scan,
    Severity,
    Verdict,
    evidence,
)

MASK = redact.MASK
WORD = "sword" + "fish"


@pytest.mark.parametrize(
    ("command", "args", "shown"),
    [
        (["redis-cli", "-a"], [WORD, "ping"], [["redis-cli", "-a"], [MASK, "ping"]]),
        (["mysql", "-uroot"], [f"-p{WORD}"], [["mysql", "-uroot"], [f"-p{MASK}"]]),
        (["app", "--password"], [WORD], [["app", "--password"], [MASK]]),
        (["app"], ["-u", "a", "-p", WORD], [["app"], ["-u", "a", "-p", MASK]]),
        (["curl"], ["-u", f"a:{WORD}"], [["curl"], ["-u", f"a:{MASK}"]]),
        (["app"], [f"--db.pass={WORD}"], [["app"], [f"--db.pass={MASK}"]]),
        (["redis-server"], ["--requirepass", WORD], [["redis-server"], ["--requirepass", MASK]]),
        (["docker", "run"], ["-u", "1000:1000", "-p", "80:80"], None),
        (["psql", "-U", "a"], ["-p", "5432", "-w"], None),
        (["app"], ["--token-file", "/run/token", "--password", "$(DB_PASSWORD)"], None),
    ],
)
def test_a_command_and_its_arguments_are_one_line(
    command: list[str], args: list[str], shown: list[list[str]] | None
) -> None:
    masked = redact.document({"command": command, "args": args})
    assert [masked["command"], masked["args"]] == (shown or [command, args])


@pytest.mark.parametrize(
    "spec",
    [
        {"password": {"value": WORD}},
        {"pairs": [{"key": "DB_PASS", "value": WORD}]},
        {"pairs": [{"value": WORD, "name": "clientSecret"}]},
        {"passwords": [WORD]},
        {"image": f"bot:{WORD}7@registry.example.com/app:1"},
    ],
)
def test_what_stands_under_a_name_that_says_secret(spec: dict[str, Any]) -> None:
    assert WORD not in json.dumps(redact.document({"spec": spec}))


@pytest.mark.parametrize("value", ["$ecret-2024", "<x9>y7", "%Tr33house", "/aB3x/9QzK7", "${p4ss"])
def test_what_only_begins_like_a_reference_is_masked(value: str) -> None:
    assert redact.document({"password": value}) == {"password": MASK}
    assert value not in redact.text(f"password: {value}")


@pytest.mark.parametrize(
    "value", ["$(DB_PW)", "${DB_PW}", "$DB_PW", "<password>", "{{ .Values.pw }}", "/run/secrets/db"]
)
def test_a_reference_stays(value: str) -> None:
    assert redact.document({"password": value}) == {"password": value}
    assert redact.text(f"password: {value}") == f"password: {value}"


def test_what_points_to_a_credential_stays() -> None:
    spec = {
        "secret": {"secretName": "web-tls", "items": [{"key": "tls.crt", "path": "crt"}]},
        "passwordSecretRef": {"name": "db", "key": "password"},
        "serviceAccountToken": {"audience": "vault", "expirationSeconds": 3600, "path": "token"},
        "existingSecret": "redis-auth",
        "limits": {"tokens": 120_000},
    }
    assert redact.document({"spec": spec}) == {"spec": spec}


def test_evidence_is_masked_at_its_place() -> None:
    path = "spec.template.spec.containers[0]"
    assert evidence(f"{path}.args", ["--password", WORD]).value == f'["--password","{MASK}"]'
    assert evidence("metadata.annotations['x/password']", WORD).value == f'"{MASK}"'
    image = "quay.io/oauth2-proxy/oauth2-proxy:v7.12.0"
    assert evidence(f"{path}.image", image).value == f'"{image}"'
    assert evidence(f"{path}.securityContext.privileged", True).value == "true"
    assert (
        evidence("subjects[0]", {"kind": "User", "name": "password=" + WORD}).value.count(MASK) == 1
    )


def test_reports_hold_no_credential_of_evidence() -> None:
    ref = ResourceRef("demo", "v1", "Pod", "shop", "web")
    found = Finding(
        *("host_path_volume", ("5.2.12",), Severity.HIGH, Verdict.FAIL, ref, "", "mounts a path"),
        (evidence("spec.volumes[0].hostPath.path", f"/x?token={WORD}7"),),
        "f",
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    counts = dict.fromkeys(Verdict, 0)
    scan = Scan("s", "demo", "b", (), now, now, counts, (), (found,), ())
    assert WORD not in json_report.render(scan)
    assert WORD not in csv_report.render(scan)


def test_known_forms_leave_nowhere() -> None:
    token = "ghp_" + "7Kd2Rw9Xq4Lm8Zt1Vb6Yn3Pc5Hs0Jf2Ga4Qe"
    said = f"Role token-exchanger: see https://a:{WORD}@h/x and {token}; password: required"
    assert redact.known(said) == said.replace(token, MASK).replace(WORD, MASK)


async def test_plans_read_what_is_there_and_people_what_is_masked(tmp_path: Any) -> None:
    noted = f"  name: web\n  annotations: {{note: password={WORD}}}\n"
    (tmp_path / "web.yaml").write_text(WEB.replace("  name: web\n", noted, 1))
    reader = await open_folder(ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path)))
    kind = KINDS["Deployment"]
    [planned] = (await reader.documents(kind, to_plan=True)).objects
    [shown] = (await reader.documents(kind)).objects
    assert f"password={WORD}".encode() in planned
    assert f"password={MASK}".encode() in shown


@pytest.mark.parametrize("head", ["|", ">-", "|2", "| # the old one", "|\n"])
def test_a_block_of_yaml_is_masked_whole(head: str) -> None:
    shown = redact.text(f"password: {head}\n    one line\n    quiet-otter-7\nnext: stays")
    assert "otter" not in shown
    assert "one line" not in shown
    assert shown.endswith("next: stays")


@pytest.mark.parametrize(
    "spec",
    [
        {"extraEnvVars": [{"name": "GREETING", "value": WORD}]},
        {"extraEnv": [f"GREETING={WORD}"]},
        {"environment": {"GREETING": WORD}},
        {"params": [{"id": "password", "value": WORD}]},
        {"options": [{"k": "db_password", "v": WORD}]},
        {"image": f"bob:{WORD}@reg/app"},
        {"args": ["--pass", "word", WORD + "7"]},
        {"args": ["-encrypt", WORD]},
        {"users.conf": f"app:{WORD}\nops = {WORD}"},
        {"named.conf": f'key k {{\n  secret "{WORD}";\n}};'},
    ],
)
def test_a_variable_a_pair_and_a_file_are_judged_by_their_place(spec: dict[str, Any]) -> None:
    assert WORD not in json.dumps(redact.document(spec))


@pytest.mark.parametrize(
    "text",
    [
        f"dbPassword: |\n  {WORD}",
        f"password:\n  {WORD}",
        f"db:5432:shop:app:{WORD}",
        f"the authtoken file says\nauthtoken {WORD}",
        f"user stats insecure-password {WORD}",
        f"PASSWORD='x7''{WORD}'",
        f"cache_peer proxy parent 3128 0 login=svc:{WORD}",
        f"you can login with admin / {WORD}7",
        f"the apikey is {WORD}7",
        f'{{"id": "admin_password", "v": "{WORD}"}}',
        f'val password: String = "{WORD}"',
        "PASSWORD=memory",
    ],
)
def test_a_line_says_what_it_holds(text: str) -> None:
    masked = redact.text(text)
    assert WORD not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "secrets:get,list,watch",
        "Authorization: RBAC,Node",
        "--auth oauth2 --tls-key /k2",
        "session: sticky2",
        "cookie: SameSite=Strict",
        "password: n/a",
        "token=expired",
        "--from-secret=db",
        "  DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
        "password:  12 bytes",
        "publicKey: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdsq2csqc8mkzp",
        'Back-off pulling image "secret-token:abc123"',
        "the argument --pass-access-token is not set",
    ],
)
def test_a_setting_is_no_credential(text: str) -> None:
    assert redact.text(text) == text
    assert redact.document({"image": "secret-token:abc123"}) == {"image": "secret-token:abc123"}
