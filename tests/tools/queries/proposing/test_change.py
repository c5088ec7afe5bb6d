from dataclasses import replace
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from tests.fakes.drawn_actions import samples
from tools import vocabulary
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.actions.restart import Restart
from tools.actions.set_resources import SetResources
from tools.errors import BadAction, BadArgument, UnknownName
from tools.planning.hardening import Setting
from tools.plans import Reason
from tools.queries import propose_access, propose_app, propose_change, propose_fix
from tools.queries.context import QueryContext
from tools.queries.proposing import fixing
from tools.queries.proposing.titles import title
from tools.queries.result import NotPlanned, Planned, Result
from tools.types import Action, RiskLevel

IMAGE = "registry.workshop.example/lamp@sha256:" + "a" * 64


def saying(context: QueryContext, *texts: str) -> QueryContext:
    return replace(context, said=texts)


async def fix(context: QueryContext, **given: Any) -> Result:
    return await propose_fix.run(propose_fix.Arguments(**given), context)


async def change(context: QueryContext, **given: Any) -> Result:
    return await propose_change.run(propose_change.Arguments(**given), context)


def action_of(result: Result) -> Any:
    """The action, which decodes to itself."""
    assert isinstance(result.data, Planned), result.text
    action: Action = result.data.action
    assert vocabulary.decode(vocabulary.encode(action)) == action
    return action


def refusal_of(result: Result) -> tuple[Reason, str]:
    assert isinstance(result.data, NotPlanned), result.text
    return result.data.refusal.reason, f"{result.data.refusal.public} {result.data.refusal.hint}"


async def test_one_control_becomes_an_action_with_the_live_uid(workshop: QueryContext) -> None:
    result = await fix(workshop, name="lathe", namespace="bench", controls=["5.2.2"])
    action = action_of(result)
    assert isinstance(action, HardenWorkload)
    assert (action.target.kind, action.target.name, action.target.uid) == (
        "Deployment",
        "lathe",
        "u-lathe",
    )
    assert action.settings == (Setting.PRIVILEGED,)
    assert action.answers == ("privileged_container",)
    assert isinstance(result.data, Planned)
    assert result.data.plan.risk.level is RiskLevel.HIGH
    assert "NOTHING CHANGED" in result.text
    assert "securityContext.privileged: true -> false" in result.text


async def test_several_fixes_of_one_object_are_one_action(workshop: QueryContext) -> None:
    result = await fix(
        workshop, name="forge", namespace="bench", controls=["5.2.5", "5.2.6", "seccomp_not_set"]
    )
    action = action_of(result)
    assert action.settings == (Setting.ESCALATION, Setting.SECCOMP, Setting.HOST_NETWORK)
    assert set(action.answers) == {
        "host_network",
        "privilege_escalation_allowed",
        "seccomp_not_set",
    }


async def test_without_a_control_the_worst_is_fixed_and_the_rest_is_named(
    workshop: QueryContext,
) -> None:
    result = await fix(workshop, name="lathe", namespace="bench")
    assert action_of(result).settings == (Setting.PRIVILEGED,)
    assert isinstance(result.data, Planned)
    left = " ".join(result.data.left)
    assert "5.2.7" in left
    assert "5.2.6" not in left, "privileged goes together with escalation"


async def test_everything_leaves_out_what_only_a_person_can_say(workshop: QueryContext) -> None:
    result = await fix(workshop, name="forge", namespace="bench", everything=True)
    action = action_of(result)
    assert Setting.HOST_NETWORK in action.settings
    assert not {Setting.NON_ROOT, Setting.HOST_PATHS} & set(action.settings)
    assert isinstance(result.data, Planned)
    left = " ".join(result.data.left)
    assert "user id" in left
    assert "coal" in left


async def test_what_was_asked_for_by_name_is_not_left_out_in_silence(
    workshop: QueryContext,
) -> None:
    result = await fix(workshop, name="lathe", namespace="bench", controls=["5.2.2", "5.2.7"])
    reason, said = refusal_of(result)
    assert reason is Reason.NEEDS_PERSON
    assert "user id" in said


RUN_AS = {"name": "lathe", "namespace": "bench", "settings": ["non-root"]}


async def test_a_user_id_that_the_person_did_not_say_is_refused(workshop: QueryContext) -> None:
    given = RUN_AS | {"run_as": [{"uid": 1000}]}
    for said in ((), ("fix lathe",), ("scale lathe to 1000 pods and fix the rest of bench",)):
        reason, public = refusal_of(await fix(saying(workshop, *said), **given))
        assert reason is Reason.NEEDS_PERSON
        assert "1000" in public


@pytest.mark.parametrize(
    "said", ["run lathe as user 1000", "uid is 1000, thanks a lot for it", "1000"]
)
async def test_a_user_id_that_the_person_said_is_taken(workshop: QueryContext, said: str) -> None:
    result = await fix(saying(workshop, "fix lathe", said), **RUN_AS, run_as=[{"uid": 1000}])
    assert action_of(result).users == (ContainerUser(1000, UserSource.PERSON),)
    assert isinstance(result.data, Planned)
    assert "as a person said" in result.text


async def test_another_number_is_not_the_one_that_was_said(workshop: QueryContext) -> None:
    context = saying(workshop, "run lathe as user 10001")
    result = await fix(context, **RUN_AS, run_as=[{"uid": 1000}])
    assert refusal_of(result)[0] is Reason.NEEDS_PERSON


async def test_a_host_path_becomes_empty_only_where_the_person_said_so(
    workshop: QueryContext,
) -> None:
    given: dict[str, Any] = {"name": "forge", "namespace": "bench", "controls": ["5.2.11"]}
    assert refusal_of(await fix(workshop, **given))[0] is Reason.NEEDS_PERSON
    given["empty_dirs"] = ["coal"]
    for said in ("fix forge", "volume coal must not be empty", "is coal empty?"):
        assert refusal_of(await fix(saying(workshop, said), **given))[0] is Reason.NEEDS_PERSON
    agreed = saying(workshop, "volume coal may become an empty folder")
    assert action_of(await fix(agreed, **given)).empty_dirs == ("coal",)


async def test_what_is_fine_is_said_to_be(workshop: QueryContext) -> None:
    reason, said = refusal_of(await fix(workshop, name="press", controls=["5.2.2"]))
    assert reason is Reason.ALREADY_FINE
    assert "already" in said
    assert refusal_of(await fix(workshop, name="press"))[0] in (
        Reason.ALREADY_FINE,
        Reason.NO_SAFE_FIX,
    )


async def test_what_no_action_answers_is_said(workshop: QueryContext) -> None:
    reason, said = refusal_of(
        await fix(workshop, name="lathe", namespace="bench", controls=["5.4.1"])
    )
    assert reason is Reason.NO_SAFE_FIX
    assert "guidance" in said


async def test_what_cannot_be_changed_in_place_comes_as_a_manifest(workshop: QueryContext) -> None:
    result = await fix(workshop, name="probe", kind="Pod", namespace="bench", controls=["5.2.2"])
    assert refusal_of(result)[0] is Reason.MAKE_AGAIN
    assert isinstance(result.data, NotPlanned)
    container = result.data.refusal.manifest["spec"]["containers"][0]
    assert container["securityContext"]["privileged"] is False


async def test_what_another_tool_owns_is_a_patch_for_it(workshop: QueryContext) -> None:
    result = await fix(workshop, name="crane", controls=["5.2.2"])
    action_of(result)
    assert isinstance(result.data, Planned)
    assert "Helm" in result.data.plan.handover


async def test_what_does_not_exist_is_answered_with_the_nearest(workshop: QueryContext) -> None:
    with pytest.raises(UnknownName) as no_name:
        await fix(workshop, name="lath", namespace="bench")
    assert "lathe" in no_name.value.hint
    with pytest.raises(UnknownName) as two:
        await fix(workshop, name="lathe")
    assert "bench/lathe" in two.value.hint
    reason, _ = refusal_of(
        await change(workshop, change="delete", kind="RoleBinding", name="gone", namespace="bench")
    )
    assert reason is Reason.MISSING


async def test_outside_the_scope_nothing_is_planned(bench: QueryContext) -> None:
    with pytest.raises(UnknownName):
        await fix(bench, name="crane", kind="Deployment", namespace="yard")
    with pytest.raises(UnknownName):
        await change(bench, change="deny_traffic", name="yard")
    with pytest.raises(UnknownName):
        given = {"kind": "ClusterRoleBinding", "name": "masters", "subject": "otto"}
        await propose_access.run(propose_access.Arguments(**given, subject_kind="User"), bench)


@pytest.mark.parametrize(
    "name", ["../../secrets/db-pass", "web/../x", "a b", "press?dryRun=All", "*"]
)
async def test_what_no_object_can_be_called_is_never_asked_of_a_cluster(
    workshop: QueryContext, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked(*_: object) -> None:
        raise AssertionError("the cluster was asked")

    monkeypatch.setattr(workshop.readers["workshop"], "get", asked)
    with pytest.raises(BadAction):
        await change(workshop, change="delete", kind="Deployment", name=name, namespace="bench")


async def test_a_binding_of_one_subject_loses_it_and_of_several_asks(
    workshop: QueryContext,
) -> None:
    several = await fix(workshop, kind="ClusterRoleBinding", name="masters", controls=["5.1.1"])
    assert refusal_of(several)[0] is Reason.NEEDS_PERSON
    assert "User otto" in refusal_of(several)[1]
    one = await fix(workshop, kind="RoleBinding", name="gate", namespace="yard")
    assert title(action_of(one)) == "take Group porters out of RoleBinding yard/gate"
    role = await fix(workshop, kind="Role", name="any", namespace="yard")
    assert refusal_of(role)[0] is Reason.NEEDS_PERSON


async def test_names_beyond_the_scope_are_not_told(
    bench: QueryContext, workshop: QueryContext
) -> None:
    given = {"name": "lathe", "namespace": "bench", "controls": ["5.1.6"]}
    assert "ClusterRoleBinding masters" in (await fix(workshop, **given)).text
    narrow = (await fix(bench, **given)).text
    assert "ClusterRoleBinding (not shown here) gives" in narrow
    assert "masters" not in narrow


async def test_a_namespace_is_labelled_or_closed(workshop: QueryContext) -> None:
    labels = action_of(await fix(workshop, name="bench", kind="Namespace", controls=["5.2.1"]))
    assert labels.enforce == "baseline"
    denied = await fix(workshop, name="bench", kind="Namespace", controls=["5.3.2"])
    assert title(action_of(denied)).startswith("deny traffic to the pods of Namespace bench")
    restricted = await change(
        workshop, change="pod_security_labels", name="bench", enforce="restricted", warn="baseline"
    )
    assert title(action_of(restricted)) == (
        "label Namespace bench for Pod Security: enforce restricted, warn baseline"
    )


async def test_every_other_change(workshop: QueryContext) -> None:
    place = {"name": "press", "namespace": "bench"}
    scaled = action_of(await change(workshop, change="scale", replicas=0, **place))
    assert scaled.replicas == 0
    restarted = action_of(await change(workshop, change="restart", **place))
    assert restarted == Restart(target=restarted.target, at="2026-11-24T12:00:00Z")
    given = {"container": "plate", "limit_memory_mib": 256, "request_cpu_millicores": 100}
    sized = action_of(await change(workshop, change="set_resources", resources=[given], **place))
    assert isinstance(sized, SetResources)
    assert title(sized) == (
        "set resources of Deployment bench/press: container plate requests cpu 100m, "
        "limits memory to 256Mi"
    )
    suspended = action_of(await change(workshop, change="pause", name="sweep"))
    assert title(suspended) == "pause the runs of CronJob bench/sweep"
    deleted = action_of(await change(workshop, change="delete", **place))
    assert deleted.target.uid == "u-press"
    switched = await change(
        saying(workshop, "switch the token of default off", "confirmed"),
        change="account_token_off",
        kind="ServiceAccount",
        name="default",
        namespace="bench",
        confirmed=True,
    )
    assert title(action_of(switched)) == (
        "switch the token of ServiceAccount bench/default off; a person confirmed that the rights it "
        "has now may go"
    )


async def test_a_token_that_gives_rights_goes_only_when_that_is_confirmed(
    workshop: QueryContext,
) -> None:
    lathe: dict[str, Any] = {"name": "lathe", "namespace": "bench", "controls": ["5.1.6"]}
    account = {"name": "default", "kind": "ServiceAccount", "namespace": "bench"}
    for given, query in ((lathe, fix), (account, fix)):
        reason, said = refusal_of(await query(workshop, **given))
        assert reason is Reason.NEEDS_PERSON
        assert "ClusterRoleBinding masters gives" in said
        unsaid = await query(saying(workshop, "no token there"), **given, confirmed=True)
        assert "did not confirm" in refusal_of(unsaid)[1]
        sure = await query(saying(workshop, "no token there", "I confirm"), **given, confirmed=True)
        assert action_of(sure).confirmed
    rest = await fix(workshop, name="lathe", namespace="bench", everything=True)
    assert Setting.TOKEN not in action_of(rest).settings
    assert isinstance(rest.data, Planned)
    assert "may need its token" in " ".join(rest.data.left)


async def test_an_account_that_holds_rights_is_left_only_when_that_is_confirmed(
    workshop: QueryContext,
) -> None:
    given: dict[str, Any] = {"change": "own_service_account", "name": "lathe", "namespace": "bench"}
    reason, said = refusal_of(await change(workshop, **given))
    assert reason is Reason.NEEDS_PERSON
    assert "Confirm that" in said
    given["confirmed"] = True
    for words in (
        "give lathe its own account",
        "I do not confirm that",
        "confirmed?",
        "Propose a fix for default_service_account_used on Deployment/lathe of cluster confirm.",
        "Propose again for Deployment/lathe in namespace confirmed-jobs.",
        "Propose again for Deployment/all-confirmed/lathe.",
    ):
        reason, _ = refusal_of(await change(saying(workshop, words), **given))
        assert reason is Reason.NEEDS_PERSON
    earlier = saying(workshop, "press: confirmed", "give lathe its own account")
    assert refusal_of(await change(earlier, **given))[0] is Reason.NEEDS_PERSON
    action = action_of(
        await change(saying(workshop, "own account for lathe", "confirmed"), **given)
    )
    assert (action.account, action.confirmed) == ("lathe", True)


async def test_what_is_missing_is_asked_for(workshop: QueryContext) -> None:
    place = {"name": "press", "namespace": "bench"}
    for asked in ("scale", "set_resources"):
        with pytest.raises(BadArgument):
            await change(workshop, change=asked, **place)
    with pytest.raises(BadArgument):
        await change(workshop, change="pod_security_labels", name="bench")
    with pytest.raises(ValidationError):
        propose_change.Arguments(change="exec", name="press")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        propose_change.Arguments(change="scale", name="press", patch={})  # type: ignore[call-arg]


async def test_never_a_namespace_a_volume_or_a_secret(workshop: QueryContext) -> None:
    for kind in ("Namespace", "PersistentVolumeClaim", "Secret", "ClusterRoleBinding"):
        with pytest.raises((BadAction, UnknownName)):
            await change(workshop, change="delete", kind=kind, name="bench", namespace="bench")


async def test_access_only_shrinks(workshop: QueryContext) -> None:
    async def run(**given: Any) -> Result:
        return await propose_access.run(propose_access.Arguments(**given), workshop)

    binding = {"kind": "RoleBinding", "name": "keys", "namespace": "bench"}
    removed = await run(**binding, subject_kind="User", subject="jane")
    assert title(action_of(removed)) == "take User jane out of RoleBinding bench/keys"
    assert isinstance(removed.data, Planned)
    assert "administrator" in removed.data.plan.handover
    nobody = await run(**binding, subject_kind="User", subject="nobody")
    assert refusal_of(nobody)[0] is Reason.ALREADY_FINE
    with pytest.raises(BadArgument):
        await run(**binding)
    with pytest.raises(BadArgument):
        await run(kind="Role", name="reader", namespace="bench")
    limits = [{"rule": 0, "verbs": ["get"]}]
    missing = await run(kind="Role", name="reader", namespace="bench", limits=limits)
    assert refusal_of(missing)[0] is Reason.MISSING


async def test_an_image_and_its_user_come_from_the_persons_own_words(
    workshop: QueryContext,
) -> None:
    given = propose_app.Arguments(name="lamp", namespace="bench", image=IMAGE, port=8080, user=1234)
    for said in ("deploy the lamp", f"deploy {IMAGE}b", f"deploy {IMAGE} port 8080 in bench"):
        refused = await propose_app.run(given, saying(workshop, said))
        assert refusal_of(refused)[0] is Reason.NEEDS_PERSON
    said = f"deploy lamp in bench from {IMAGE} port 8080 as user 1234"
    action = action_of(await propose_app.run(given, saying(workshop, said)))
    assert (action.image, action.user, action.port) == (IMAGE, 1234, 8080)


def test_every_action_has_a_title() -> None:
    told = [title(vocabulary.decode(msgspec.json.encode(sample))) for sample in samples()]
    assert all(told)
    assert {type(vocabulary.decode(msgspec.json.encode(one))) for one in samples()} == set(
        vocabulary.ACTIONS
    )


def test_a_control_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName):
        fixing.wanted_of("Deployment", (), ("5.2.99",), (), everything=False)
    chosen = fixing.wanted_of("Deployment", (), ("run-as-non-root",), (), everything=False)
    assert isinstance(chosen, fixing.Wanted)
    assert chosen.settings == (Setting.NON_ROOT,)
