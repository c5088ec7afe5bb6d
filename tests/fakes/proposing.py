"""What a place needs where changes can be proposed: a policy, somebody who may, an executor that lives."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from bot.accounts import Account, Actor
from bot.approval.policy.file.document import parse
from bot.store.database import Database
from bot.store.tables import drafts
from tools import vocabulary
from tools.types import Action

TEXT = """\
policy: 1
workspace: T0HOME
kill_switch: false
clusters:
  demo: {}
people:
  developer:
    slack_users: [U0DEV]
  lead:
    slack_users: [U0LEAD]
rules:
  - name: nothing-is-proposed-in-quiet
    clusters: [demo]
    namespaces: [quiet]
    actions: any
    risks: any
    propose: [lead]
    approve: [developer]
    approvals: 1
  - name: everything
    clusters: [demo]
    namespaces: any
    actions: any
    risks: any
    propose: [developer]
    approve: [lead]
    approvals: 1
  - name: cluster
    clusters: [demo]
    namespaces: ["(cluster)"]
    actions: any
    risks: any
    propose: [developer]
    approve: [lead]
    approvals: 1
"""
POLICY = parse(TEXT)
DEVELOPER = Actor(Account("T0HOME", "U0DEV"), frozenset(), False, False, False, False)
LEAD = Actor(Account("T0HOME", "U0LEAD"), frozenset(), False, False, False, False)


async def alive() -> bool:
    return True


def proposing(**more: Any) -> dict[str, Any]:
    """Parts of a conversation in which the developer may propose."""
    return {"policy": lambda: POLICY, "executor_alive": alive, **more}


async def submitted(db: Database | None) -> list[Action]:
    """What lies in the table of drafts, oldest first, decoded."""
    assert db is not None
    async with db.read() as tx:
        rows = (await tx.execute(select(drafts).order_by(drafts.c.submitted_at))).all()
    return [vocabulary.decode(row.action) for row in rows]


async def submitted_as(db: Database | None, ids: Sequence[str]) -> list[bytes]:
    """The actions of these drafts, as they were written."""
    assert db is not None
    async with db.read() as tx:
        rows = (await tx.execute(select(drafts).where(drafts.c.id.in_(ids)))).all()
    return [row.action for row in rows]
