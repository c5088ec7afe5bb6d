"""Which checks of an object are to be answered, and by which settings. Used by `propose_fix`."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools import vocabulary
from tools.cluster.reader import Reader
from tools.discovery import checks
from tools.objects.kinds import BUILT_IN_WORKLOADS
from tools.planning.hardening import RULES, Setting, settings_for
from tools.plans import Reason, Refusal
from tools.queries.context import QueryContext
from tools.queries.looking.scanning import find_controls, scan_once, visible
from tools.queries.wording import names
from tools.types import Finding, ResourceRef, Verdict

_ACCOUNT = "default_service_account_used"
_OTHERS = {
    "Namespace": ("namespace_without_pod_security", "namespace_without_network_policy"),
    "ServiceAccount": ("default_service_account_automount",),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done to one object."""

    checks: tuple[str, ...]
    """To be answered, worst first."""
    settings: tuple[Setting, ...] = ()
    """Of a workload."""
    account_checks: tuple[str, ...] = ()
    """Those that only a service account of its own answers."""
    asked: bool = False
    """True where the person named what is to be done: then nothing of it may be left out."""


async def failing_of(
    context: QueryContext, reader: Reader, ref: ResourceRef
) -> tuple[Finding, ...]:
    """Judge an object's namespace and keep what fails or is unknown of it, failing first, then worst first."""
    inside = ref.name if ref.kind == "Namespace" else ref.namespace
    made = await scan_once(
        context, reader, (inside,) if inside else (), (), "cis-1.12", keep_all=True
    )
    mine = [
        item
        for item in visible(made.findings, context)
        if item.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
        and (item.ref.kind, item.ref.namespace, item.ref.name)
        == (ref.kind, ref.namespace, ref.name)
    ]
    return tuple(
        sorted(mine, key=lambda item: (item.verdict is Verdict.UNKNOWN, -item.severity.rank))
    )


def wanted_of(
    kind: str,
    failing: Sequence[Finding],
    controls: Sequence[str],
    settings: Sequence[Setting],
    everything: bool,
) -> Wanted | Refusal:
    """Choose checks and settings; a Refusal where nothing of Oakum's answers them.

    Raises UnknownName for a control that is none.
    """
    asked = _asked(controls)
    unknown = [item.reason for item in failing if item.verdict is Verdict.UNKNOWN]
    failing = [item for item in failing if item.verdict is Verdict.FAIL]
    fails = list(dict.fromkeys(item.check for item in failing))
    known = [check for check in fails if _answered(kind, check)]
    if not asked and not settings:
        chosen = known if everything else _worst(failing, known)
    else:
        chosen = [check for check in asked if _answered(kind, check)]
        by_setting = {check for setting in settings for check in RULES[setting].answers}
        chosen += [check for check in known if check in by_setting and check not in chosen]
    refusal = None if settings else _none(kind, asked, chosen, fails, unknown)
    if refusal:
        return refusal
    if kind in _OTHERS:
        chosen = chosen[:1]
    wished = {*settings, *(s for check in chosen for s in settings_for(check))}
    accounts = tuple(check for check in chosen if check == _ACCOUNT)
    return Wanted(
        tuple(chosen),
        tuple(setting for setting in Setting if setting in wished),
        accounts,
        asked=bool(asked or settings),
    )


def _asked(controls: Sequence[str]) -> list[str]:
    """Turn controls and check ids into check ids."""
    found: list[str] = []
    for name in controls:
        if name in checks():
            found.append(name)
            continue
        found += [
            check for control in find_controls(_benchmark(name), [name]) for check in control.checks
        ]
    return list(dict.fromkeys(found))


def _benchmark(control: str) -> str:
    """Take a number for one of the CIS benchmark and a slug for one of Pod Security."""
    return (
        "cis-1.12"
        if control.strip().removeprefix("CIS").strip()[:1].isdigit()
        else "pss-restricted"
    )


def _answered(kind: str, check: str) -> bool:
    """Tell whether an action that `propose_fix` makes answers a check on objects of a kind."""
    if kind in _OTHERS:
        return check in _OTHERS[kind]
    return kind in BUILT_IN_WORKLOADS and (check == _ACCOUNT or bool(settings_for(check)))


def _worst(failing: Sequence[Finding], known: Sequence[str]) -> list[str]:
    """Keep the checks of the worst severity among those that can be answered."""
    can = [item for item in failing if item.check in known]
    worst = max((item.severity.rank for item in can), default=0)
    return list(dict.fromkeys(item.check for item in can if item.severity.rank == worst))


def _none(
    kind: str,
    asked: Sequence[str],
    chosen: Sequence[str],
    fails: Sequence[str],
    unknown: Sequence[str],
) -> Refusal | None:
    """Say why there is nothing to work out; None where there is."""
    if chosen:
        return None
    if asked:
        other = names(dict.fromkeys(_named(check) for check in asked))
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"No change that Oakum knows answers {other} on a {kind}.",
            "The guidance says how people fix it.",
        )
    if fails:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"No change that Oakum knows answers what it fails: {names(fails)}.",
            "The guidance says how people fix each of them.",
        )
    if unknown:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"This {kind} fails nothing; what it comes to is not known: {names(unknown, 3)}",
            "Name the control to be answered all the same.",
        )
    return Refusal(Reason.ALREADY_FINE, f"This {kind} fails nothing that is judged.")


def _named(check: str) -> str:
    """Name a check with the actions that answer it elsewhere."""
    elsewhere = [action.__name__ for action in vocabulary.actions_for(check)]
    return f"{check} ({names(elsewhere)} does, on other kinds)" if elsewhere else check
