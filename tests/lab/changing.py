"""What tests of changes share: two accounts of the shipped manifests, open in one namespace of a lab."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from bot.approval.made_anew import otherwise
from tests.lab.cluster import Lab
from tests.lab.errors import LabError
from tools import vocabulary
from tools.change.apply import apply
from tools.change.rehearse import rehearse
from tools.change.verify import Watch, verify
from tools.changes import Intent, Outcome, OutcomeKind, Rehearsal
from tools.cluster.reader import Reader
from tools.cluster.writer import Writer
from tools.plans import Done
from tools.types import Action, Target, Verb

RBAC = Path(__file__).parents[2] / "deploy" / "rbac"
ADMISSION = RBAC.parent / "admission" / "executor.yaml"
EXECUTOR = "system:serviceaccount:oakum:oakum-executor"
ACCOUNTS = {"reader": "oakum-reader", "executor": "oakum-executor"}
WRITER_FILES = ("writer-patch.yaml", "writer-deploy.yaml", "writer-delete.yaml")


def opened(file: str, namespace: str) -> str:
    """Give a shipped manifest for another namespace, as its first lines say to."""
    text = (RBAC / file).read_text()
    text = text.replace("namespace: shop", f"namespace: {namespace}")
    return text.replace("resourceNames: [shop]", f"resourceNames: [{namespace}]")


def kubeconfig(lab: Lab, account: str, file: Path) -> Path:
    """Write the admin's kubeconfig with an account's token in place of the admin's credentials."""
    view: dict[str, Any] = json.loads(
        lab.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    )
    token = lab.kubectl("create", "token", account, "-n", "oakum", "--duration=1h").strip()
    view["users"] = [{"name": view["users"][0]["name"], "user": {"token": token}}]
    file.write_text(json.dumps(view))
    return file


def await_policy(lab: Lab, executor: Path, namespace: str) -> None:
    """Wait until the admission policy is in force: the server takes it up some seconds later."""
    label = ("label", "serviceaccount/default", "-n", namespace, "a=b", "--dry-run=server")
    for _ in range(120):
        answer = lab.try_kubectl(f"--kubeconfig={executor}", *label)
        if "Oakum's executor" in answer.stderr:
            return
        time.sleep(0.25)
    raise LabError(f"the admission policy does not come into force: {answer.stderr}")


def workload(name: str, namespace: str, kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    """Give a privileged workload of one replica that runs at once."""
    container = {
        "name": "shell",
        "image": "lab.local/busybox:1",
        "command": ["sleep", "3600"],
        "securityContext": {"privileged": True},
    }
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 0},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


class Journey(Struct):
    """The executor's way through one action, in one namespace."""

    lab: Lab
    reader: Reader
    writer: Writer
    namespace: str
    done: dict[str, tuple[Done, ...]] = {}
    """What each operation did, as the store keeps it."""
    outcomes: list[Outcome] = []
    """Of every apply."""

    def target(self, name: str, kind: str = "Deployment", api_version: str = "apps/v1") -> Target:
        return Target("lab", api_version, kind, self.namespace, name)

    def clock(self) -> datetime:
        return datetime.now(UTC)

    async def rehearse(self, action: Action, undoes: str = "") -> Rehearsal:
        return await rehearse(
            vocabulary.encode(action),
            self.reader,
            self.writer,
            now=self.clock(),
            done=self.done.get(undoes, ()),
        )

    async def seal(self, action: Action, operation_id: str, undoes: str = "") -> list[Intent]:
        rehearsal = await self.rehearse(action, undoes)
        assert rehearsal.seal, (rehearsal.state, rehearsal.reason)
        for operation, changes in rehearsal.diff:
            if operation.verb is Verb.CREATE:
                assert otherwise(operation.manifest, changes) == (), "a plain server fills in only"
        expires = self.clock() + timedelta(minutes=30)
        steps = range(len(rehearsal.seal.steps))
        return [Intent(f"{operation_id}-{n}", rehearsal.seal, n, expires) for n in steps]

    async def apply(self, intent: Intent, *, sent: bool = False) -> Outcome:
        outcome = await apply(
            intent,
            self.writer,
            clock=self.clock,
            wait=asyncio.sleep,
            sure=partial(asyncio.sleep, 0),
            sent=sent,
        )
        self.outcomes.append(outcome)
        return outcome

    async def verify(self, intent: Intent, outcome: Outcome) -> Outcome:
        watch = Watch(self.reader, self.writer, self.clock, asyncio.sleep)
        return await verify(intent, outcome, watch)

    async def run(self, action: Action, operation_id: str, undoes: str = "") -> list[Outcome]:
        """Rehearse, apply and verify every step; what came of each."""
        intents = await self.seal(action, operation_id, undoes)
        applied = [await self.apply(intent) for intent in intents]
        assert {each.kind for each in applied} == {OutcomeKind.APPLIED}, applied
        self.remember(operation_id, intents, applied)
        return [
            await self.verify(intent, each) for intent, each in zip(intents, applied, strict=True)
        ]

    def remember(self, operation_id: str, intents: list[Intent], applied: list[Outcome]) -> None:
        """Keep what was done, for an undo."""
        self.done[operation_id] = tuple(
            Done(intent.operation, each.uid, intent.seal.steps[intent.step].result_digest)
            for intent, each in zip(intents, applied, strict=True)
        )

    def create(self, *objects: dict[str, Any]) -> None:
        for obj in objects:
            self.lab.kubectl("create", "-f", "-", stdin=json.dumps(obj))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads(self.lab.kubectl("get", kind, name, "-n", self.namespace, "-o", "json"))

    def rolled_out(self, name: str, kind: str = "deployment") -> None:
        where = ("-n", self.namespace, "--timeout=100s")
        self.lab.kubectl("rollout", "status", f"{kind}/{name}", *where)
