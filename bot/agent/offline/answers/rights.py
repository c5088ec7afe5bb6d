"""Who may do one thing, by RBAC. Used by `bot.agent.offline.plans`."""

from bot.agent.offline.answers.guided import guidance
from bot.agent.offline.question.reading import Ask
from bot.agent.offline.question.verbs import asked
from bot.agent.offline.talk import Plan, Talk, ask
from bot.agent.offline.target import Target, resolve
from bot.agent.offline.wording import words
from tools.queries.rights import Access, AccessRow
from tools.queries.wording import names, one_line


def who_can(talk: Talk, question: Ask) -> Plan:
    """Name the roles that allow it and who holds each; no check judges this, so none is quoted."""
    wanted = asked(question.text, question.topics)
    if wanted is None:
        return (yield from guidance(talk, question))
    target = yield from resolve(talk, question)
    if target.failed or (target.lost and target.note):
        return target.failed or target.note
    verb, resource = wanted
    got = yield from ask(
        "who_can",
        verbs=[verb],
        resource=resource,
        cluster=target.cluster,
        namespaces=list(target.namespaces),
    )
    if not isinstance(got.data, Access):
        return got.failed
    data = got.data
    where = f"namespace {names(data.namespaces)} of " if data.namespaces else ""
    held = [row for row in data.rows if row.holders]
    lines = [_line(row) for row in [*held, *(row for row in data.rows if not row.holders)]]
    if data.total > words.MAX_ROWS:
        lines = [*lines[: words.MAX_ROWS], f"- and {data.total - words.MAX_ROWS} more"]
    roles = len({row.ref for row in data.rows})
    looked = names(words.counted(count, kind) for kind, count in data.objects.items() if count)
    return words.join(
        f"**{roles} role{'s' * (roles != 1)} in {where}cluster {data.cluster} "
        f"allow{'s' * (roles == 1)} `{verb}` on `{resource}`:**"
        if data.total
        else f"**No role in {where}cluster {data.cluster} allows `{verb}` on `{resource}`.**",
        _of_accounts(target, held),
        "\n".join(lines),
        f"Bound, but their rules are not here to read: {names(data.unread, 8)}."
        if data.unread
        else "",
        f"Looked at: {looked or 'no roles'} in {where}cluster {data.cluster}. "
        "No check judges this right by itself.",
        f"{data.note}." if data.note else "",
        words.not_looked_at(got.result.gaps if got.result else ()),
        target.note,
    )


def _line(row: AccessRow) -> str:
    rules = f"(`{one_line('; '.join(row.rules[:2]), 140)}`)"
    if row.binding is None:
        return f"- {words.place(row.ref)}: bound to nobody {rules}"
    by = f"{row.where}, by {words.place(row.binding)}"
    return f"- {words.place(row.ref)}: held by {names(row.holders, 6)} {by} {rules}"


def _of_accounts(target: Target, held: list[AccessRow]) -> str:
    """Say it of the accounts that the named workloads run as."""
    said: list[str] = []
    for row in target.rows[:4]:
        account = f"ServiceAccount {row.ref.namespace}/{row.service_account}"
        roles = [words.place(item.ref) for item in held if account in item.holders]
        by = f"may, by {names(dict.fromkeys(roles))}" if roles else "is bound to none of them"
        said.append(f"{words.place(row.ref)} runs as {account}, which {by}.")
    return " ".join(said)
