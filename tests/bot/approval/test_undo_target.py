"""What an undo that somebody asks for is about, where a change was of several objects."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import select

from bot.approval import deciding, proposals
from bot.approval.deciding import Ground
from bot.store import tables
from bot.types import ThreadKey
from tests.fakes.proposed import POLICY, TEAM, Proposing, actor, operation, target
from tools import vocabulary
from tools.actions.own_service_account import OwnServiceAccount
from tools.changes import Intent, Outcome, OutcomeKind, Seal, Step
from tools.planning.drafting import creation

START = datetime(2026, 3, 4, 10, tzinfo=UTC)
ONE = "a" * 32


async def test_an_undo_is_about_the_changes_own_object_not_about_what_it_made_first(db) -> None:
    action = OwnServiceAccount(target=target(), account="web-own", confirmed=True)
    account = {"kind": "ServiceAccount", "metadata": {"name": "web-own"}}
    made = (creation(target(), "v1", account), operation(action))
    steps = tuple(Step(one, "object", "diff") for one in made)
    seal = Seal(vocabulary.encode(action), action.target.cluster, steps)
    people = Proposing(db, ThreadKey(TEAM, "C1", "1"), START)
    await people.pending(ONE, action=action, seal=seal)
    await people.vote(ONE, "bob", "UBOB")
    await people.claim(ONE)
    case = await proposals.get(db, ONE)
    for ordinal, step in enumerate(case.steps):
        intent = Intent(step.id, seal, ordinal, case.proposal.until)
        await proposals.intend(db, people.turn(), ONE, intent)
        done = Outcome(OutcomeKind.APPLIED, step.id, audit_id=f"audit-{ordinal}", uid="uid")
        await proposals.record(db, people.turn(), ONE, done)
    await people.end(ONE, operation_id=case.steps[-1].id)

    told = await deciding.undo(Ground(db, lambda: POLICY, people.now), ONE, actor("UANN"))

    assert told.done, told.text
    async with db.read() as tx:
        [asked] = (await tx.execute(select(tables.drafts.c.action))).scalars()
    assert msgspec.json.decode(asked)["target"]["kind"] == "Deployment"
