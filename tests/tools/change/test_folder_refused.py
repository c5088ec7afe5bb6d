"""What is not edited in a folder of manifests: links, templates, shared fields, redacted copies."""

from pathlib import Path

from tests.fakes.folder_desk import WEB, Desk, desk_of, harden
from tools.changes import OutcomeKind, State
from tools.cluster.manifests.export import write_snapshot
from tools.types import Target


async def test_links_are_refused_inside_the_folder_and_out_of_it(
    desk: Desk, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.yaml"
    (desk.folder / "web.yaml").rename(outside)
    (desk.folder / "web.yaml").symlink_to(outside)
    away = await desk.rehearse(harden())
    assert away.state is State.REFUSED, "a link out of the folder is not even read"
    (desk.folder / "data.txt").write_text(WEB)
    (desk.folder / "web.yaml").unlink()
    (desk.folder / "web.yaml").symlink_to("data.txt")
    inside = await desk.rehearse(harden())
    assert inside.state is State.REFUSED
    assert "is a link" in inside.reason
    assert outside.read_text() == WEB


async def test_a_link_put_in_place_of_the_file_after_the_approval_is_refused(
    desk: Desk, tmp_path: Path
) -> None:
    intent = await desk.intend(harden())
    file, other = desk.folder / "web.yaml", desk.folder / "other.txt"
    file.rename(other)
    file.symlink_to(other.name)
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert other.read_text() == WEB


async def test_a_template_is_refused_with_its_file_and_line(desk: Desk) -> None:
    (desk.folder / "web.yaml").write_text(WEB.replace("registry.example", "{{ .Values.registry }}"))
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.REFUSED
    assert "web.yaml:" in rehearsal.reason
    assert "template" in rehearsal.reason


async def test_an_object_that_stands_twice_is_refused_with_both_places(desk: Desk) -> None:
    (desk.folder / "overlay").mkdir()
    (desk.folder / "overlay" / "web.yaml").write_text(WEB)
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.REFUSED
    assert "overlay/web.yaml:6" in rehearsal.reason
    assert "web.yaml:6 and" in rehearsal.reason or "and web.yaml:6" in rehearsal.reason


SHARED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: a:1
        securityContext: &context
          privileged: true
      ephemeralContainers:
      - name: other
        image: a:1
        securityContext: *context
"""


async def test_a_field_that_others_share_by_an_anchor_is_refused(desk: Desk) -> None:
    (desk.folder / "web.yaml").write_text(SHARED)
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.REFUSED, rehearsal
    assert "anchors" in rehearsal.reason
    assert rehearsal.hint == "Edit it by hand."


async def test_a_folder_that_oakum_wrote_is_redacted_and_never_changed(
    desk: Desk, tmp_path: Path
) -> None:
    copy = tmp_path / "snapshot"
    await write_snapshot(desk.reader, copy, now=desk.now)
    redacted = await desk_of(copy)
    before = redacted.texts()
    rehearsal = await redacted.rehearse(harden())
    assert rehearsal.state is State.REFUSED
    assert "oakum snapshot" in rehearsal.reason
    intent = await desk.intend(harden())
    assert (await redacted.apply(intent)).kind is OutcomeKind.REFUSED
    assert redacted.texts() == before


async def test_a_patch_of_a_kustomize_overlay_is_no_manifest(desk: Desk) -> None:
    (desk.folder / "kustomization.yaml").write_text("patches:\n- path: ./web.yaml\n")
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.REFUSED
    assert "web.yaml is a patch of a kustomization" in rehearsal.reason


async def test_a_field_that_is_not_known_is_not_written(desk: Desk) -> None:
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    for path, said in (("/spec/oddField", "oddField"), ("/spec/template/spec/odd", "odd")):
        patch = [{"op": "add", "path": path, "value": True}]
        reply = await desk.writer.patch(target, patch, "operation-1", dry_run=False)
        assert reply.status == 422
        assert said in reply.said
    wrong = [{"op": "add", "path": "/spec/template/spec/hostPID", "value": "yes"}]
    reply = await desk.writer.patch(target, wrong, "operation-1", dry_run=False)
    assert (reply.status, "form of a Deployment" in reply.said) == (422, True)
    assert desk.texts() == {"web.yaml": WEB.encode()}
