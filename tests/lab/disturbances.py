"""What comes in between on a lab: changes after the approval, at the write, and after it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from bot.store.proposals import State
from tests.lab.acts import Json, harden
from tests.lab.changing import workload
from tests.lab.errors import LabError
from tests.lab.living import STARTED, Lived, Living
from tools.actions.harden_workload import ContainerUser, HardenWorkload, UserSource
from tools.planning.hardening import Setting
from tools.types import Action, Target

REFUSED = "living-refused"
"""Its pods are held to the restricted standard in the midst of a life."""
_ENFORCE = "pod-security.kubernetes.io/enforce"


def target(name: str, namespace: str = STARTED) -> Target:
    return Target("lab", "apps/v1", "Deployment", namespace, name)


def needs_root() -> Json:
    """Give a workload that gets ready as root only."""
    made = workload("needs-root", STARTED, progressDeadlineSeconds=20)
    probe = {"exec": {"command": ["sh", "-c", "test $(id -u) = 0"]}, "periodSeconds": 1}
    made["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    return made


OBJECTS: tuple[Json, ...] = (
    workload("edited", STARTED),
    workload("scaled", STARTED),
    workload("again", STARTED, replicas=0),
    workload("raced", STARTED, replicas=0),
    needs_root(),
    workload("refused", REFUSED),
    workload("unentitled", STARTED, replicas=0),
)


async def _between_approval_and_start(
    world: Living, action: Action, meanwhile: Callable[[], Awaitable[Any]]
) -> Lived:
    """Have an action approved, let something happen, and have it started."""
    before = await world.get(action.target)
    proposal = await world.people.ask(action)
    await world.people.approve(proposal)
    await world.people.until(proposal, State.APPROVED)
    await meanwhile()
    await world.people.start(proposal)
    case = await world.people.until(proposal, State.DONE)
    return Lived(case, before=before, changed=await world.get(action.target))


async def _nothing() -> None:
    return


async def edited(world: Living) -> Lived:
    """Somebody changes the object after it was approved."""
    there = await world.settled(target("edited"))

    async def edit() -> None:
        await world.kubectl("set", "env", "deployment/edited", "A=b", "-n", STARTED)

    return await _between_approval_and_start(world, harden(there), edit)


async def scaled(world: Living) -> Lived:
    """Somebody scales it after it was approved, so that its status changes again and again."""
    there = await world.settled(target("scaled"))

    async def scale() -> None:
        await world.kubectl("scale", "deployment/scaled", "--replicas=2", "-n", STARTED)
        await world.settled(there)

    return await _between_approval_and_start(world, harden(there), scale)


async def again(world: Living) -> Lived:
    """Somebody deletes it and makes it again after it was approved."""
    there = await world.settled(target("again"))

    async def make_again() -> None:
        await world.kubectl("delete", "deployment/again", "-n", STARTED)
        made = json.dumps(workload("again", STARTED, replicas=0))
        await world.kubectl("create", "-f", "-", stdin=made)

    return await _between_approval_and_start(world, harden(there), make_again)


async def raced(world: Living) -> Lived:
    """Somebody changes it after the last look, while the write is on its way."""
    there = await world.settled(target("raced"))

    async def edit() -> None:
        await world.kubectl("set", "env", "deployment/raced", "A=b", "-n", STARTED)

    world.between.before["raced"] = edit
    return await _between_approval_and_start(world, harden(there), _nothing)


async def unentitled(world: Living) -> Lived:
    """Dan approves it, to whom the policy gives that right and the cluster no right to such a change."""
    there = await world.settled(target("unentitled"))
    proposal = await world.people.ask(harden(there))
    await world.people.approve(proposal, "dan")
    await world.people.until(proposal, State.APPROVED)
    await world.people.start(proposal)
    case = await world.people.until(proposal, State.DONE)
    return Lived(case, changed=await world.get(there))


async def needing_root(world: Living) -> Lived:
    """What was approved breaks it: the new pods never get ready. It is taken back."""
    action = HardenWorkload(
        target=await world.settled(target("needs-root")),
        settings=(Setting.NON_ROOT,),
        users=(ContainerUser(uid=1000, source=UserSource.PERSON),),
        answers=("root_user",),
    )
    lived = await _between_approval_and_start(world, action, _nothing)
    return await world.taken_back(lived)


async def refused(world: Living) -> Lived:
    """Pod Security is tightened while the write is on its way, so that no new pod is taken."""
    there = await world.settled(target("refused", REFUSED))

    async def tighten() -> None:
        label = ("label", "namespace", REFUSED, f"{_ENFORCE}=restricted")
        await world.kubectl(*label)
        await _in_force(world)

    world.between.before["refused"] = tighten
    before = await world.get(there)
    proposal = await world.people.ask(harden(there))
    await world.people.approve(proposal)
    case = await world.people.until(proposal, State.DONE)
    return Lived(case, before=before, changed=await world.get(there))


async def _in_force(world: Living) -> None:
    """Wait until the server refuses a pod that is not restricted."""
    pod = ("run", "tried", "--image=lab.local/busybox:1", "-n", REFUSED, "--dry-run=server")
    while True:
        try:
            await world.kubectl(*pod)
        except LabError as error:
            if "violates PodSecurity" in str(error):
                return
            raise


DISTURBANCES: dict[str, Callable[[Living], Awaitable[Lived]]] = {
    "edited": edited,
    "scaled": scaled,
    "again": again,
    "raced": raced,
    "needs-root": needing_root,
    "refused": refused,
    "unentitled": unentitled,
}
