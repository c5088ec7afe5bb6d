"""Who has a say in a proposal, for its card and for the messages that ask them. Pure.

Names are those of the policy's rule; only accounts of our own workspace are ever mentioned.
"""

from collections.abc import Iterable

from bot.accounts import Account
from bot.approval.policy.people import Circle
from bot.approval.policy.rules import Policy
from bot.slack.proposals.literal import literal
from bot.store.proposals import Proposal

MENTIONED_MAX = 10
_NAMES_MAX = 6


def names(circle: Circle) -> str:
    """Name those whom a rule names, in mrkdwn."""
    shown = [literal(name, 60) for name in circle.names[:_NAMES_MAX]]
    more = len(circle.names) - len(shown)
    return " or ".join(shown) + (f" or {more} more" if more > 0 else "") if shown else "nobody"


def person(account: tuple[str, str], team: str) -> str:
    """Name an account in mrkdwn: as a mention where it is of our workspace."""
    if account[0] == team:
        return mention(account[1])
    return literal(f"{account[1]} ({account[0]})", 80)


def mention(user: str) -> str:
    """Mention one user by the id that Slack gave us."""
    return f"<@{user}>" if user.isalnum() else literal(user, 40)


def calls(policy: Policy, circle: Circle, proposal: Proposal, team: str) -> str:
    """Mention those who may approve: groups, and people who are in none of them; nobody twice.

    Who asked is left out unless they may approve it themselves.
    """
    people = [policy.people[one] for one in sorted(circle.people) if one in policy.people]
    barred = proposal.requester if not proposal.requester_may_approve else ""
    chosen = [one for one in people if one.id != barred]
    groups = [*sorted(circle.groups), *(group for one in chosen for group in sorted(one.groups))]
    users = [user for one in chosen for user in sorted(one.accounts)]
    own = [f"<!subteam^{one.id}>" for one in _here(groups, team)]
    own += [mention(one.id) for one in _here(users, team) if tuple(one) != proposal.account]
    return " ".join(dict.fromkeys(own[:MENTIONED_MAX]))


def _here(accounts: Iterable[Account], team: str) -> list[Account]:
    return [one for one in accounts if one.team == team and one.id.isalnum()]
