"""Whether a proposal may go on, asked with the facts of now: its place, its people, the policy.

The policy decides; here it is asked. Nothing of what was decided earlier is taken over. Used by
`rehearsing` and `carrying`.
"""

from dataclasses import replace

import msgspec

from bot.accounts import Account
from bot.approval import standing
from bot.approval.policy.decision import Decision, not_now, refused
from bot.approval.policy.execution import KILL_SWITCH, may_execute, may_execute_undo
from bot.approval.policy.rules import Policy
from bot.approval.policy.sealed import Sealed
from bot.approval.policy.votes import Verdict
from bot.approval.sealed_case import Facts, sealed
from bot.executor import people
from bot.executor.parts import Parts
from bot.executor.undoing import undone
from bot.store.proposals import Case, Proposal
from tools import vocabulary
from tools.changes import Seal
from tools.errors import BadAction, NotAllowed
from tools.types import Action, RiskLevel, Target


def admitted(parts: Parts, proposal: Proposal) -> Action:
    """Decode a proposal's action and check its place, whoever let it through before.

    Raises BadAction for what is outside the vocabulary, NotAllowed for a place not open from there.
    """
    action = vocabulary.decode(proposal.action)
    if action.target != proposal.target:
        raise BadAction("The action is about another object than its proposal.")
    cluster = action.target.cluster
    if not parts.reaches(cluster):
        raise NotAllowed(f"Nothing is changed on {cluster} from here.")
    vocabulary.within(action, parts.scope(proposal.thread))
    return action


async def may_go(
    parts: Parts, policy: Policy, case: Case, risk: RiskLevel = RiskLevel.LOW
) -> Decision:
    """Decide whether a sealed proposal is executed now; `risk` is what it has become by now, if higher.

    The kill switch first: turned in the policy's file it makes another version, which would void all.
    """
    if policy.kill_switch:
        return not_now(KILL_SWITCH)
    proposal = case.proposal
    try:
        action = admitted(parts, proposal)
        before = await undone(parts.db, proposal, action)
    except (BadAction, NotAllowed) as error:
        return refused(error.public)
    seal = msgspec.json.decode(proposal.seal, type=Seal)
    if any(_elsewhere(step.operation.target, action.target) for step in seal.steps):
        return refused("It would change something in another place.")
    known = await _facts(parts, case)
    about = _at_least(sealed(case, known), risk)
    approvers = [one.person for one in about.reviews if one.verdict is Verdict.APPROVE]
    concerned = (proposal.requester, *approvers)
    operations = [step.operation for step in seal.steps]
    access = await people.access(parts, policy, about.case, concerned, operations)
    now = parts.clock()
    if before and _by_own_word(about, policy):
        earlier = sealed(before.case), before.ended_at
        return may_execute_undo(policy, about, earlier, now, access)
    starter = standing.account_of(proposal.starter)
    started = known(starter, proposal.starter) if starter else None
    return may_execute(policy, about, now, access, started)


def _at_least(about: Sealed, risk: RiskLevel) -> Sealed:
    """Give what the policy judges, of no lower risk than this."""
    higher = max(about.case.risk, risk, key=lambda level: level.rank)
    return replace(about, case=replace(about.case, risk=higher))


async def _facts(parts: Parts, case: Case) -> Facts:
    concerned = [case.proposal.account, *(one.account for one in case.reviews)]
    starter = standing.account_of(case.proposal.starter)
    concerned += [starter] if starter else []
    return await people.facts(parts, (Account(*one) for one in concerned))


def _by_own_word(about: Sealed, policy: Policy) -> bool:
    """Tell whether an undo is carried by its requester alone, and not because it is a sandbox."""
    terms = policy.clusters.get(about.case.cluster)
    sandbox = terms is not None and terms.sandbox
    return not sandbox and {one.person for one in about.reviews} == {about.requester_person}


def _elsewhere(one: Target, other: Target) -> bool:
    """Tell whether two objects are in different places; a Namespace is in itself."""
    return (one.cluster, _place(one)) != (other.cluster, _place(other))


def _place(target: Target) -> str:
    return target.name if target.kind == "Namespace" else target.namespace
