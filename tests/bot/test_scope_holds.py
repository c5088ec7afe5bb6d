"""No name outside the asker's scope appears: in no query, answer, file, button, command or error.

Everything outside is called something with `zq` in it: objects, namespaces, images, subjects, files,
aliases, a cluster. People ask by names that are nearly those, so that suggestions are tempted.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from pydantic import ValidationError

from bot.agent.toolbox import QUERIES
from bot.conversation import Parts, as_json
from bot.slack import findings, presses, render, tables
from bot.slack.commands import clusters
from bot.slack.config import Profile
from knowledge.errors import KnowledgeError
from tests.fakes.desk import NOW, Desk, open_desk, shared_library
from tools.cluster.manifests.reader import open_folder
from tools.errors import ToolsError
from tools.queries import list_findings, scan_scope
from tools.queries.context import QueryContext
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

OUTSIDE = "zq"
SEEDS = range(5)
CALLS = 60
OWN = """
apiVersion: v1
kind: Namespace
metadata: {name: own}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: own}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostNetwork: true
      serviceAccountName: runner
      containers: [{name: app, image: "nginx:1", securityContext: {privileged: true}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: own}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: own}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reads, namespace: own}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: runner, namespace: own}]
"""
ELSEWHERE = """
apiVersion: v1
kind: Namespace
metadata: {name: zqpay, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: zqledger, namespace: zqpay, annotations: {note: zqnote}}
spec:
  selector: {matchLabels: {app: zqledger}}
  template:
    metadata: {labels: {app: zqledger}}
    spec:
      serviceAccountName: zqrobot
      containers: [{name: zqbox, image: "zq.example/zqimage:1", securityContext: {privileged: true}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: zqrobot, namespace: zqpay}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: zqrole, namespace: zqpay}
rules: [{apiGroups: [""], resources: [pods, secrets], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: zqbinding, namespace: zqpay}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: zqrole}
subjects: [{kind: User, name: zquser, apiGroup: rbac.authorization.k8s.io}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: zqclusterrole}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: zqeverywhere}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: zqclusterrole}
subjects:
- {kind: Group, name: zqgroup, apiGroup: rbac.authorization.k8s.io}
- {kind: ServiceAccount, name: runner, namespace: own}
- {kind: ServiceAccount, name: default, namespace: own}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: zqwall, namespace: zqpay}
spec: {podSelector: {}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: zqpolicy}
spec: {validations: [{expression: "true"}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: zqpolicybinding}
spec: {policyName: zqpolicy, validationActions: [Deny]}
---
apiVersion: zq.example/v1
kind: Zqthing
metadata: {name: zqcustom, namespace: zqpay}
spec: {template: {spec: {containers: [{name: a, image: zqhidden}]}}}
---
apiVersion: v1
kind: Event
metadata: {name: zqevent, namespace: zqpay}
involvedObject: {kind: Pod, name: zqledger, namespace: zqpay}
message: zqmessage
"""
FILES = {
    "own.yaml": OWN,
    "zqteam/all.yaml": ELSEWHERE,
    "zqteam/own again.yaml": OWN,
    "zqbroken.yaml": "a: *zqalias\n",
    "zqlost.yaml": "{apiVersion: v1, kind: Pod, metadata: {}}",
    "zqodd.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: odd, namespace: own}, spec: [zqvalue]}",
    "zqodd2.yaml": "{apiVersion: v1, kind: Pod, metadata: {name: o, namespace: zqpay}, spec: [1]}",
    "zqchart/Chart.yaml": "name: zqchart\nversion: 1.0.0\n",
    "zqchart/templates/a.yaml": "kind: {{ .Values.zqkind }}\n",
    "zqkust/kustomization.yaml": "namespace: zqpay\nresources: [zqbase]\n",
    ".zqhidden/a.yaml": ELSEWHERE,
}
WORDS = (
    "", "own", "web", "runner", "reader", "app", "default", "gone", "near", "qpay", "pay", "qledger",
    "ledger", "qrobot", "qrole", "qclusterrole", "qimage", "qbox", "5.2.2", "5.1.1", "5.1", "Deployment",
    "Pod", "ClusterRole", "ClusterRoleBinding", "Role", "Namespace", "qfar", "get", "create", "pods",
    "secrets", "cis-1.12", "pss-restricted", "privileged_container", "all", "*",
)  # fmt: skip
SCOPES = (
    Scope({"near": frozenset({"own"})}),
    Scope({"near": frozenset({"own", "gone"})}),
    Scope({"near": frozenset({"gone"})}),
)
QUESTIONS = (
    "which workloads run privileged?",
    "scan near",
    "scan everything",
    "next page",
    "which namespaces are there?",
    "which clusters can you see?",
    "list all workloads",
    "which images are used?",
    "who can delete pods?",
    "who can read secrets?",
    "is qledger privileged?",
    "explain qledger",
    "why is web flagged?",
    "show the settings of web",
    "show events in qpay",
    "show the log of qledger",
    "scan namespace qpay",
    "which roles use wildcards?",
    "are there network policies?",
    "is anything bound to cluster-admin?",
    "fix web",
    "fix qledger",
    "delete qledger in qpay",
    "harden everything",
    "deny traffic in own",
    "what could not be looked at?",
    "what waits for approval?",
    "count the findings by namespace",
    "why is ServiceAccount default in own flagged?",
)


def written(folder: Path) -> Path:
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


async def readers(folder: Path) -> dict[str, Any]:
    return {
        name: await open_folder(ClusterConfig(name, ClusterSource.FOLDER, folder=str(folder)))
        for name in ("near", "zqfar")
    }


@pytest.fixture
async def wide(tmp_path: Path) -> QueryContext:
    """What an asker sees who sees all."""
    found = await readers(written(tmp_path))
    library = shared_library()
    scope = Scope(dict.fromkeys(found, ALL))
    return QueryContext(found, scope, library.search, library.guide_for, MemoryScans(), NOW)


def narrowed(wide: QueryContext, scope: Scope) -> QueryContext:
    seen = {name: Listings(wide.readers[name], scope.clusters[name]) for name in scope.clusters}
    return replace(wide, readers=seen, scope=scope, scans={})


def argument(chance: random.Random, annotation: Any) -> Any:
    """Make up a value for a query's argument of a type."""
    if annotation is str:
        return chance.choice(WORDS)
    if annotation == list[str]:
        return chance.sample(WORDS, chance.choice((0, 0, 1, 1, 2)))
    if annotation is int:
        return chance.choice((0, 0, 1, 50))
    choices = [one for one in get_args(annotation) if isinstance(one, str)]
    return chance.choice(choices) if choices else None


def arguments(chance: random.Random, module: Any) -> Any:
    """Make up a call that the query takes; most words are left out, as people do."""
    for _ in range(200):
        values = {
            name: value
            for name, field in module.Arguments.model_fields.items()
            if field.is_required() or chance.random() < 0.5
            if (value := argument(chance, field.annotation)) is not None
        }
        try:
            return module.Arguments(**values)
        except ValidationError:
            continue
    return None


async def told(module: Any, asked: Any, context: QueryContext) -> str:
    """Run a query; gives all that it says, be it an error."""
    try:
        found = await module.run(asked, context)
    except (ToolsError, KnowledgeError) as error:
        return f"{error.public} {error.hint}"
    return f"{found.text} {found.data!r} {found.gaps!r}"


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_query_names_what_lies_outside(seed: int, wide: QueryContext) -> None:
    chance = random.Random(seed)
    everything = await scan_scope.run(scan_scope.Arguments(cluster="near"), wide)
    for scope in SCOPES:
        context = narrowed(wide, scope)
        for _ in range(CALLS // len(SCOPES)):
            name = chance.choice(sorted(QUERIES))
            asked = arguments(chance, QUERIES[name])
            if asked is not None:
                said = await told(QUERIES[name], asked, context)
                assert OUTSIDE not in said.lower(), (name, asked, said)
        page = list_findings.Arguments(scan_id=everything.data.scan.id)
        said = await told(list_findings, page, context)
        assert OUTSIDE not in said.lower(), said


async def test_outside_is_answered_as_what_nobody_has(wide: QueryContext) -> None:
    for scope in SCOPES:
        for name in ("find_workloads", "scan_scope", "read_object", "events", "explain_finding"):
            said = []
            for word in ("zqpay", "zzpay"):
                fields = QUERIES[name].Arguments.model_fields
                values = {"namespaces": [word], "namespace": word, "name": word, "kind": "Pod"}
                asked = QUERIES[name].Arguments(**{k: v for k, v in values.items() if k in fields})
                text = await told(QUERIES[name], asked, narrowed(wide, scope))
                said.append(text.replace(word, "?"))
            assert said[0] == said[1], name


async def test_a_button_of_a_wider_answer_shows_nothing_from_outside(wide: QueryContext) -> None:
    asked = scan_scope.Arguments(cluster="near")
    made = (await scan_scope.run(asked, wide)).data.scan
    assert OUTSIDE in str(made)
    for scope in SCOPES:
        for finding in made.findings:
            if presses.sees(scope, finding):
                said = findings.evidence_text(finding) + findings.question(finding)
                assert OUTSIDE not in said.lower(), said


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = tmp_path / "store"
    store.mkdir()
    folder = written(tmp_path / "files")
    made = await open_desk(folder, store)
    parts: Parts = replace(made.parts, readers=await readers(folder))
    yield replace(made, parts=parts)
    if parts.db:
        await parts.db.close()


@pytest.mark.parametrize("scope", SCOPES)
async def test_no_answer_names_what_lies_outside(scope: Scope, desk: Desk) -> None:
    everything = Scope(dict.fromkeys(desk.parts.readers, ALL))
    for number, question in enumerate(QUESTIONS):
        thread = f"t{number // 4}"
        await desk.ask("scan near and show all workloads", thread=thread, scope=everything)
        desk.shown.clear()
        given = await desk.ask(question, thread=thread, scope=scope)
        shown = render.render(given, Profile.MODERN, frozenset(), "a")
        files = [
            tables.findings_file(given.findings, len(given.findings), "a"),
            tables.gaps_file(given.not_looked_at, "a"),
        ]
        files += [tables.table_file(one, "a", 1) for one in given.tables]
        said = [as_json(given), str(shown), str(files), str(desk.shown), str(given)]
        assert OUTSIDE not in "\n".join(said).lower(), (question, given.text)
    assert OUTSIDE not in clusters(scope)


def test_the_world_of_this_test_is_full_of_what_must_not_appear() -> None:
    assert "".join(FILES.values()).count(OUTSIDE) > 30
    assert all(OUTSIDE not in word for word in (*WORDS, *QUESTIONS, OWN))
    assert (
        OUTSIDE
        not in msgspec.json.encode([dict(one.clusters) for one in SCOPES], enc_hook=list).decode()
    )
