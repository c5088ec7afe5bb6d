"""Nothing of a change is hidden by its card: what is shortened or left out is whole in the file beside it."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import yaml

from bot.approval.differences import yaml_text
from bot.slack.config import Profile
from bot.slack.proposals.cards import View, card
from bot.store.proposals import Case, Proposal, State
from bot.types import ThreadKey
from tests.fakes.created import answered, rehearsed, templates
from tests.fakes.proposed import POLICY, TEAM, harden, operation, rehearsal
from tests.fakes.slack.limits import check_message
from tools import vocabulary
from tools.actions.deploy_app import DeployApp
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.changes import Rehearsal
from tools.types import Change, Operation, Risk, RiskLevel, Target, Verb
from tools.visible import UNSEEN

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
IMAGE = f"registry.example/shop/api@sha256:{'a' * 64}"
POD = ("spec", "template", "spec")


def drawn(made: Rehearsal, action=None, profile=Profile.MODERN):
    """Draw the pending card of a rehearsal."""
    wanted = action or harden()
    proposal = Proposal(
        id="a" * 32,
        action=vocabulary.encode(wanted),
        target=wanted.target,
        requester="ann",
        account=(TEAM, "UANN"),
        thread=ThreadKey(TEAM, "C1", "1.1"),
        submitted_at=NOW,
        changed_at=NOW,
        state=State.PENDING,
        rehearsal=msgspec.json.encode(made),
        policy_version=POLICY.version,
        needed=1,
        until=NOW + timedelta(minutes=30),
    )
    shown = card(Case(proposal), View(POLICY, True, TEAM, profile, NOW))
    check_message(shown.text, list(shown.blocks), modern=False)
    return shown


def deployed(mutate):
    """Draw the card of a new Deployment, as a webhook makes it of what was asked for."""
    manifest = templates()["app Deployment"]
    answer = answered(manifest)
    mutate(answer["spec"]["template"]["spec"])
    created, changes = rehearsed(manifest, answer)
    made = Rehearsal("ready", diff=((created, changes),), risk=Risk(RiskLevel.HIGH, ("New.",)))
    place = msgspec.structs.replace(created.target, name="api")
    return drawn(made, DeployApp(target=place, image=IMAGE, port=8080))


def test_a_new_app_is_shown_with_its_whole_image_and_without_the_servers_defaults():
    shown = deployed(lambda pod: None)

    image = templates()["app Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert f"of `{image}`" in str(shown.blocks)
    assert "the cluster sets" not in str(shown.blocks)
    assert "runAsNonRoot" in shown.files[0].content


@pytest.mark.parametrize(
    ("mutate", "word"),
    [
        (lambda pod: pod["containers"].append({"name": "spy", "image": "x/spy"}), "x/spy"),
        (lambda pod: pod["containers"].insert(0, {"name": "spy", "image": "x/spy"}), "x/spy"),
        (lambda pod: pod["containers"][0].update(image="x/other"), "x/other"),
        (lambda pod: pod["containers"][0]["securityContext"].update(privileged=True), "privileged"),
        (lambda pod: pod["containers"][0]["securityContext"].pop("runAsNonRoot"), "runAsNonRoot"),
        (lambda pod: pod.update(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), "hostPath"),
        (lambda pod: pod.update(hostNetwork=True), "hostNetwork"),
        (lambda pod: pod.update(nodeSelector={"pool": "evil"}), "nodeSelector"),
        (lambda pod: pod.update(runtimeClassName="evil"), "runtimeClassName"),
    ],
)
def test_what_a_webhook_makes_of_a_new_object_is_on_the_card_and_in_the_file(mutate, word):
    shown = deployed(mutate)

    assert "⚠️ the cluster sets" in str(shown.blocks)
    assert word in str(shown.blocks)
    assert "The cluster would make of it" in shown.files[0].content
    assert word in shown.files[0].content


def test_a_value_that_is_shortened_on_the_card_is_whole_in_the_file():
    change = Change((*POD, "volumes"), after=["x" * 90, "the dangerous end"])
    made = msgspec.structs.replace(operation(harden()), changes=(change,))

    shown = drawn(Rehearsal("ready", diff=((made, (change,)),)))

    assert "the dangerous end" not in str(shown.blocks)
    assert "the dangerous end" in shown.files[0].content


@pytest.mark.parametrize(
    "image",
    [
        "&" * 77,
        "<" * 79,
        "🔥" * 80,
        "/etc/\u202egnp.\u202c",
        "web\u200b",
        "flag\U000e0041",
        "a `b`",
        "two\nlines",
        "http://shop.example/a",
    ],
)
def test_a_value_that_a_card_cannot_show_as_it_is_stands_in_the_file(image):
    change = Change((*POD, "containers", 0, "image"), "web:1", image)
    made = msgspec.structs.replace(operation(harden()), changes=(change,))

    [file] = drawn(Rehearsal("ready", diff=((made, (change,)),))).files

    assert not UNSEEN.search(file.content)
    steps = msgspec.json.decode(file.content[file.content.index("[\n") :])
    assert steps[-1] == {
        "op": "replace",
        "path": "/spec/template/spec/containers/0/image",
        "value": image,
    }


def test_signs_that_nobody_sees_stand_in_a_manifest_as_escapes_that_mean_the_same():
    manifest = {"kind": "Pod", "metadata": {"name": "web", "labels": {"a": "b\u202ec\U000e0041"}}}

    text = yaml_text(manifest)

    assert not UNSEEN.search(text)
    assert yaml.safe_load(text) == manifest


def test_a_note_that_is_shortened_on_the_card_is_whole_in_the_file():
    note = f"{'x' * 260} the dangerous end"

    shown = drawn(msgspec.structs.replace(rehearsal(harden(), seal=None), notes=(note,)))

    assert "the dangerous end" not in str(shown.blocks)
    assert "the dangerous end" in shown.files[0].content


@pytest.mark.parametrize("field", ["warnings", "preview", "notes"])
def test_all_that_is_said_of_a_change_is_on_the_card_or_in_its_file(field):
    said = tuple(f"Word number {number}." for number in range(9))

    shown = drawn(msgspec.structs.replace(rehearsal(harden(), seal=None), **{field: said}))

    assert "…and 3 more, in the attached file" in str(shown.blocks)
    for one in said:
        assert one in shown.files[0].content


def test_checks_that_have_no_room_on_the_card_are_named_in_its_file():
    answers = tuple(f"check_number_{number}" for number in range(9))

    shown = drawn(msgspec.structs.replace(rehearsal(harden(), seal=None), answers=answers))

    assert "…and 1 more, in the attached file" in str(shown.blocks)
    assert "check_number_8" in shown.files[0].content


def test_a_card_that_has_room_for_everything_has_no_file():
    assert drawn(rehearsal(harden(), seal=None)).files == ()


@pytest.mark.parametrize("profile", list(Profile))
def test_the_longest_names_of_kubernetes_are_named_whole(profile):
    name, namespace = "n" * 245 + "-the-end", "s" * 59 + "-end"
    place = Target("prod", "rbac.authorization.k8s.io/v1", "RoleBinding", namespace, name)
    subject = BoundSubject(SubjectKind.USER, "u" * 245 + "@its.end")
    made = Rehearsal("ready", diff=((Operation(Verb.DELETE, place), ()),))

    shown = drawn(made, RemoveSubject(target=place, subject=subject), profile)

    head, _, change = (block["text"]["text"] for block in shown.blocks[:3])
    assert f"Remove User {subject.name} from {name}" in head
    assert f"`RoleBinding/{name}` in `{namespace}` (cluster `prod`)" in head
    assert f"deletes `RoleBinding/{name}`" in change
    assert name in shown.text


def test_what_a_deployment_of_the_longest_name_creates_is_named_whole():
    names = [f"{number}{'a' * 249}end" for number in range(4)]
    created = tuple(
        (Operation(Verb.CREATE, Target("prod", "v1", "ServiceAccount", "shop", name)), ())
        for name in names
    )

    shown = str(drawn(Rehearsal("ready", diff=created)).blocks)

    assert all(f"creates `ServiceAccount/{name}`" in shown for name in names)
