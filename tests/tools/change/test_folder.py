"""The whole journey on a folder of manifests: the lines concerned change, once, and nothing else does."""

import os
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from tests.fakes.folder_desk import PRIVILEGED, SAFE, WEB, Desk, desk_of, harden
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.own_service_account import OwnServiceAccount
from tools.change.account import Subject, may
from tools.change.apply import confirm
from tools.changes import OutcomeKind, State
from tools.cluster.connect import connect
from tools.cluster.manifests.finding import subject_of
from tools.errors import ClusterUnreachable, UnknownName
from tools.planning.hardening import Setting
from tools.types import ClusterConfig, ClusterSource, Target, Verb


async def test_from_finding_to_verified_and_back_byte_for_byte(desk: Desk) -> None:
    before = desk.texts()
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.READY
    [(_, changes)] = rehearsal.diff
    assert {c.path[-1]: (c.before, c.after) for c in changes}["privileged"] == (True, False)
    assert desk.texts() == before, "a rehearsal writes nothing"
    assert not (desk.folder / ".oakum").exists()

    intent = await desk.intend(harden())
    assert (await confirm(intent.seal, desk.reader, desk.writer, now=desk.now)).other == ""
    applied = await desk.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED
    old, new = WEB.splitlines(), (desk.folder / "web.yaml").read_text().splitlines()
    assert [line for line in old if line not in new] == [PRIVILEGED]
    assert [line for line in new if line not in old] == SAFE
    verified = await desk.verify(intent, applied)
    assert verified.kind is OutcomeKind.VERIFIED
    assert "no running pod" in verified.reason
    assert {f.verdict for f in verified.findings} == {"pass"}

    undo = await desk.undo((intent,), (applied,))
    undone = await desk.verify(undo, await desk.apply(undo))
    assert undone.kind is OutcomeKind.UNDONE
    assert desk.texts() == before


async def test_nothing_of_ours_is_written_into_a_manifest(desk: Desk) -> None:
    await desk.apply(await desk.intend(harden()))
    text = (desk.folder / "web.yaml").read_text()
    assert "oakum" not in text
    assert "uid" not in text.lower().replace("runasuser", "")
    assert "resourceVersion" not in text


async def test_a_removed_line_comes_back_in_its_place_with_its_comment(desk: Desk) -> None:
    file = desk.folder / "web.yaml"
    text = WEB.replace("    spec:\n", "    spec:\n      hostPID: true  # for the profiler\n")
    file.write_text(text)
    action = harden(settings=(Setting.HOST_PID,), answers=())
    intent = await desk.intend(action)
    applied = await desk.apply(intent)
    assert "profiler" not in file.read_text()
    await desk.apply(await desk.undo((intent,), (applied,)))
    assert file.read_text() == text


async def test_a_patch_made_for_another_reading_is_a_conflict(desk: Desk) -> None:
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    read = await desk.writer.read(target)
    assert read
    patch = [
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": read["metadata"]["resourceVersion"],
        },
        {"op": "add", "path": "/spec/paused", "value": True},
    ]
    assert (await desk.writer.patch(target, patch, "operation-1", dry_run=True)).status == 200
    changed = WEB.replace("web:1.2", "web:1.3")
    (desk.folder / "web.yaml").write_text(changed)
    assert (await desk.writer.patch(target, patch, "operation-1", dry_run=False)).status == 409
    assert desk.texts() == {"web.yaml": changed.encode()}


async def test_an_undo_keeps_what_others_wrote_since(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    file = desk.folder / "web.yaml"
    file.write_text(file.read_text().replace("web:1.2", "web:1.3  # newer"))
    await desk.apply(await desk.undo((intent,), (applied,)))
    assert file.read_text() == WEB.replace("web:1.2", "web:1.3  # newer")


async def test_an_undo_after_somebody_changed_the_field_is_refused(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    file = desk.folder / "web.yaml"
    file.write_text(file.read_text().replace("privileged: false", "privileged: true"))
    with pytest.raises(AssertionError, match="Somebody changed"):
        await desk.undo((intent,), (applied,))


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("web:1.2", "web:1.3", OutcomeKind.STALE),
        ("privileged: true", "privileged: false", OutcomeKind.STALE),
        ("name: web", "name: other", OutcomeKind.STALE),
        ("# the only one", "# one of one", OutcomeKind.APPLIED),
    ],
)
async def test_a_manifest_changed_since_the_approval_is_stale_but_a_comment_is_not(
    desk: Desk, old: str, new: str, kind: OutcomeKind
) -> None:
    intent = await desk.intend(harden())
    file = desk.folder / "web.yaml"
    file.write_text(WEB.replace(old, new))
    before = file.read_bytes()
    outcome = await desk.apply(intent)
    assert outcome.kind is kind, outcome
    assert (file.read_bytes() == before) == (kind is OutcomeKind.STALE)


async def test_a_file_that_is_gone_is_stale_and_is_not_made_again(desk: Desk) -> None:
    intent = await desk.intend(harden())
    (desk.folder / "web.yaml").unlink()
    assert (await desk.apply(intent)).kind is OutcomeKind.STALE
    assert desk.texts() == {}


async def test_an_expired_approval_writes_nothing(desk: Desk) -> None:
    intent = await desk.intend(harden())
    desk.now += timedelta(hours=1)
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert desk.texts() == {"web.yaml": WEB.encode()}


async def test_a_second_application_of_the_same_operation_finds_it_done(desk: Desk) -> None:
    intent = await desk.intend(harden())
    await desk.apply(intent)
    after = desk.texts()
    assert (await desk.apply(intent, sent=True)).kind is OutcomeKind.APPLIED
    assert desk.texts() == after


async def test_the_mode_of_the_file_is_kept(desk: Desk) -> None:
    file = desk.folder / "web.yaml"
    file.chmod(0o640)
    await desk.apply(await desk.intend(harden()))
    assert file.stat().st_mode & 0o777 == 0o640


async def test_a_read_only_file_is_refused_and_named(desk: Desk) -> None:
    intent = await desk.intend(harden())
    (desk.folder / "web.yaml").chmod(0o444)
    rehearsal = await desk.rehearse(harden())
    assert (rehearsal.state, rehearsal.reason) == (State.REFUSED, "web.yaml is read-only.")
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert desk.texts() == {"web.yaml": WEB.encode()}


async def test_a_new_object_is_a_new_file_and_its_undo_removes_it(desk: Desk) -> None:
    before = desk.texts()
    target = Target("demo", "v1", "Namespace", "", "shop")
    intent = await desk.intend(DenyTraffic(target=target))
    applied = await desk.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED, applied
    new = {name: text for name, text in desk.texts().items() if name not in before}
    [(name, text)] = new.items()
    assert name.startswith("networkpolicy-")
    assert b"kind: NetworkPolicy" in text
    assert (await desk.verify(intent, applied)).kind is OutcomeKind.VERIFIED
    undo = await desk.undo((intent,), (applied,))
    undone = await desk.apply(undo)
    assert undone.kind is OutcomeKind.APPLIED, undone
    assert (await desk.verify(undo, undone)).kind is OutcomeKind.UNDONE
    assert desk.texts() == before


async def test_a_file_of_the_new_objects_name_is_not_overwritten(desk: Desk) -> None:
    target = Target("demo", "v1", "Namespace", "", "shop")
    intent = await desk.intend(DenyTraffic(target=target))
    name = f"networkpolicy-{intent.operation.target.name}.yaml"
    (desk.folder / name).write_text("# mine\n")
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert (desk.folder / name).read_text() == "# mine\n"


async def test_deleting_takes_one_document_out_and_leaves_the_rest(desk: Desk) -> None:
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    found = await desk.writer.read(target)
    assert found
    aimed = structs.replace(target, uid=found["metadata"]["uid"])
    intent = await desk.intend(DeleteObject(target=aimed))
    applied = await desk.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED, applied
    first, _, last = WEB.split("---\n")
    assert (desk.folder / "web.yaml").read_text() == f"{first}---\n{last}"
    assert (await desk.verify(intent, applied)).kind is OutcomeKind.VERIFIED


def own_account() -> OwnServiceAccount:
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    return OwnServiceAccount(
        target=target,
        account="web-own",
        confirmed=True,
        answers=("default_service_account_used",),
    )


async def test_two_steps_make_a_file_and_an_edit_and_their_undo_takes_both_back(desk: Desk) -> None:
    before = desk.texts()
    intents, outcomes = await desk.carry_out(own_account())
    assert [i.operation.verb for i in intents] == [Verb.CREATE, Verb.PATCH]
    assert outcomes[-1].kind is OutcomeKind.VERIFIED, outcomes
    assert "serviceAccountName: web-own" in (desk.folder / "web.yaml").read_text()
    assert b"name: web-own" in desk.texts()["serviceaccount-web-own.yaml"]
    first = await desk.undo(intents, outcomes)
    steps = [structs.replace(first, step=n, operation_id=f"undo-{n}") for n in range(2)]
    for step in steps:
        assert (await desk.apply(step)).kind is OutcomeKind.APPLIED
    assert desk.texts() == before


async def test_nobody_says_what_people_may_do_in_a_folder(desk: Desk) -> None:
    intent = await desk.intend(harden())
    with pytest.raises(ClusterUnreachable, match="folder of manifests"):
        await may(desk.writer, Subject("ann"), intent.operation)


async def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="cannot be opened"):
        await desk_of(tmp_path / "missing")


async def test_a_reader_opened_before_does_not_decide_what_is_verified(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(desk.folder))
    fresh = await connect(config)
    assert (await desk.verify(intent, applied)).kind is OutcomeKind.VERIFIED
    await fresh.close()
    os.utime(desk.folder)


async def test_people_are_told_what_a_kustomize_file_beside_means(desk: Desk) -> None:
    kustomization = desk.folder / "kustomization.yaml"
    kustomization.write_text("resources: [web.yaml]\nimages:\n- name: a\n  newTag: b\n")
    edited = await desk.rehearse(harden())
    assert edited.state is State.READY
    assert edited.warnings == (
        "kustomization.yaml beside it changes manifests: it may set the same fields.",
    )
    target = Target("demo", "v1", "Namespace", "", "shop")
    made = await desk.rehearse(DenyTraffic(target=target))
    assert made.state is State.READY, made
    assert "to the resources in kustomization.yaml" in made.warnings[0]


@pytest.mark.parametrize("odd", ["", "..", "a/b", "a b", "a.lock", "-a", "a..1", "x" * 65])
async def test_an_id_that_could_be_a_path_writes_nothing(desk: Desk, odd: str) -> None:
    intent = structs.replace(await desk.intend(harden()), operation_id=odd)
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert desk.texts() == {"web.yaml": WEB.encode()}


async def test_records_are_private_and_nothing_that_kubectl_applies(desk: Desk) -> None:
    await desk.apply(await desk.intend(harden()))
    records = desk.folder / ".oakum"
    found = list(records.iterdir())
    assert records.stat().st_mode & 0o077 == 0
    assert {f.suffix for f in found}.isdisjoint({".json", ".yaml", ".yml"})
    assert all(f.stat().st_mode & 0o077 == 0 for f in found if f.suffix == ".record")
    assert (records / ".gitignore").read_text() == "*\n"


async def test_a_forged_record_reaches_nothing_outside_the_folder(
    desk: Desk, tmp_path: Path
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    records = desk.folder / ".oakum"
    records.mkdir()
    forged = {"operation_id": "op-forged", "subject": subject_of(harden().target)}
    forged |= {"file": "web.yaml", "before": "", "after_digest": "x"}
    for number, beside in enumerate((str(victim), "../victim.txt", ".oakum/../../victim.txt"), 1):
        record = records / f"{number:012d}.record"
        record.write_bytes(msgspec.json.encode({**forged, "beside": beside}))
    (records / "z.record").write_bytes(b"{}")
    assert (await desk.apply(await desk.intend(harden()))).kind is OutcomeKind.APPLIED
    assert victim.read_text() == "precious"
