"""What the ledger keeps: no credential that stands anywhere in what is changed, and everything else as it is."""

import json

import msgspec
import pytest

from bot.app import ledger as exported
from bot.approval import kept, proposals
from bot.approval.transitions import Sealing
from bot.store import ledger
from bot.store.outbox import App
from tests.fakes import approvals as make
from tools.changes import Intent, OutcomeKind, Rehearsal, Seal, State, Step, digest
from tools.types import Change, Fixed, Operation, Verb

POD = ("spec", "template", "spec")
HUNTER = "hunter2-canary"
TOKEN = "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7d"
VOLUMES = [
    {"name": "host", "hostPath": {"path": "/var/run"}},
    {"name": "share", "csi": {"driver": "smb", "volumeAttributes": {"password": HUNTER}}},
]
ENV = [{"name": "MODE", "value": HUNTER}]
LAST = "kubectl.kubernetes.io/last-applied-configuration"
PLANTED = {
    "volumes as a whole": Change((*POD, "volumes"), VOLUMES, VOLUMES[1:]),
    "env as a whole": Change((*POD, "containers", 0, "env"), ENV, ENV),
    "one value of env": Change((*POD, "containers", 0, "env", 0, "value"), HUNTER, "plain"),
    "one attribute": Change((*POD, "volumes", 1, "csi", "volumeAttributes", "password"), HUNTER),
    "one attribute that is set": Change((*POD, "volumes", 1, "csi", "secretToken"), after=HUNTER),
    "all containers": Change((*POD, "containers"), [{"name": "web", "env": ENV}], []),
    "the whole pod": Change(("spec", "template"), {"spec": {"volumes": VOLUMES}}),
    "arguments": Change((*POD, "containers", 0, "args"), ["--password", HUNTER], [TOKEN]),
    "an annotation": Change(("metadata", "annotations", "note"), f"token={TOKEN}", TOKEN),
    "what kubectl kept": Change(("metadata", "annotations", LAST), HUNTER),
}


def patch(*changes: Change, **more) -> Operation:
    return Operation(Verb.PATCH, make.target(), changes=changes, **more)


@pytest.mark.parametrize("where", PLANTED)
def test_a_secret_is_masked_wherever_it_stands(where):
    told = json.dumps(kept.operation(patch(PLANTED[where])))

    assert HUNTER not in told
    assert TOKEN not in told
    assert "[redacted]" in told
    assert all(str(part) in told for part in PLANTED[where].path)


def test_what_is_no_secret_is_kept_to_the_letter():
    security = ("spec", "template", "spec", "containers", 0, "securityContext")
    image = "registry.example/shop/web@sha256:" + "ab" * 32
    operation = patch(
        Change((*security, "privileged"), before=True, after=False),
        Change((*security, "capabilities"), after={"drop": ["ALL"]}),
        Change((*POD, "volumes"), [{"name": "a", "hostPath": {"path": "/srv"}}], []),
        Change((*POD, "containers", 0, "image"), "web:1", image),
        fixed=(Fixed((*POD, "containers", 0, "name"), "web"),),
    )

    assert kept.operation(operation) == msgspec.to_builtins(operation)


def secretive() -> tuple[Seal, Rehearsal]:
    """Rehearse a change and a creation that carry secrets everywhere."""
    manifest = {
        "kind": "Deployment",
        "metadata": {"annotations": {LAST: HUNTER}},
        "spec": {"template": {"spec": {"volumes": VOLUMES, "containers": [{"env": ENV}]}}},
    }
    operations = (
        patch(*PLANTED.values()),
        Operation(Verb.CREATE, make.target("api"), manifest=manifest),
    )
    sealed = Seal(make.action(), "prod", tuple(Step(one, "object", "diff") for one in operations))
    diff = tuple((one, one.changes) for one in operations)
    return sealed, Rehearsal(State.READY, f"because token={TOKEN}", diff=diff, seal=sealed)


async def lived(db) -> Seal:
    """Live a whole life with secrets in everything that is given."""
    sealed, rehearsal = secretive()
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    until = make.sealing().until
    said = await proposals.seal(
        db, make.EXECUTOR.at(1), "p1", Sealing(rehearsal, make.POLICY, needed=1, until=until)
    )
    assert said.reply == "done"
    await make.press(db, "bob", reason=f"my token={TOKEN}")
    await make.claim(db)
    for step in (0, 1):
        intent = Intent(f"p1.{step}", sealed, step, until)
        await proposals.intend(db, make.EXECUTOR.at(121), "p1", intent)
        outcome = make.outcome(OutcomeKind.APPLIED, step=step)
        await proposals.record(db, make.EXECUTOR.at(122), "p1", outcome)
    ended = msgspec.structs.replace(
        make.outcome(OutcomeKind.VERIFIED, step=1), reason=f"it says password={HUNTER}"
    )
    await proposals.finish(db, make.EXECUTOR.at(150), "p1", ended)
    await proposals.submit(db, make.draft("p2", action=f'{{"token": "{TOKEN}"'.encode()))
    await proposals.submit(db, make.draft("p3", action=f'{{"password":"{HUNTER}"}}'.encode()))
    await proposals.claim_draft(db, make.EXECUTOR.at(200), App.ASSISTANT)
    await proposals.claim_draft(db, make.EXECUTOR.at(200), App.ASSISTANT)
    return sealed


async def test_no_secret_reaches_a_row_or_an_export(db):
    await lived(db)

    rows = [row async for page in ledger.pages(db) for row in page]

    told = "".join(exported.json_line(row) + exported.csv_line(row) for row in rows)
    assert len(rows) == 11
    assert HUNTER not in told
    assert TOKEN not in told
    assert not (await ledger.verify(db, make.KEY)).troubles


async def test_digests_and_the_way_back_rest_on_what_was_there(db):
    sealed = await lived(db)

    case = await proposals.get(db, "p1")

    assert case is not None
    assert case.proposal.digest == digest(sealed, make.POLICY)
    [first, _] = case.steps
    assert msgspec.json.decode(first.intent, type=Intent).operation.changes == tuple(
        PLANTED.values()
    )


async def test_ids_and_digests_of_ours_stay_readable_in_the_ledger(db):
    name, version = "9f" * 16, "c0ffee12" * 8
    facts = {"operation": f"{name}.0", "operations": [f"{name}.0"], "undo_of": name}
    facts |= {"policy_version": version, "worker": "host-1a2b3c4d", "audit_id": name}
    facts |= {"findings": [{"check": "host_pid", "verdict": "pass", "fingerprint": name}]}
    entry = ledger.Entry(0, "now", ledger.Event.DONE, name, 1, "done", facts=facts)

    async with db.write() as tx:
        await ledger.exclusively(db, tx)
        await ledger.append(tx, entry, make.KEY)

    [[row]] = [page async for page in ledger.pages(db)]
    assert row.entry is not None
    assert row.entry.facts == facts
