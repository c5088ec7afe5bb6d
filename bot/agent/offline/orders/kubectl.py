"""A command line of kubectl -> the same order in words, so that it is read as one. Pure. Used by `plan`."""

import re
import shlex

from bot.agent.offline.orders.facts import Unclear

_COMMAND = re.compile(
    r"^\W*(?:please |pls |run |can you run |could you run |do |just )*[`\"]*(?:kubectl|k|oc)\s+(.+?)[`\"]*\s*(?:please|pls|thanks|thx)?\W*$",
    re.I | re.S,
)
_FLAGS = {"-n": "namespace", "--namespace": "namespace", "--replicas": "replicas", "-c": "container", "--containers": "container",
          "--limits": "limits", "--requests": "requests", "--context": "cluster", "--cluster": "cluster", "--overwrite": ""}  # fmt: skip
_PSA = re.compile(r"pod-security\.kubernetes\.io/(enforce|warn|audit)=(\w+)")


def spoken(text: str) -> str | Unclear:
    """Say command lines of kubectl in words; any other text stays as it is."""
    said = [_spoken(each) for each in re.split(r"&&|;|\n", text)]
    unclear = next((each for each in said if isinstance(each, Unclear)), None)
    same = all(one == other for one, other in zip(said, re.split(r"&&|;|\n", text), strict=True))
    return text if same else unclear or "; ".join(each for each in said if isinstance(each, str))


def _spoken(text: str) -> str | Unclear:
    """Say one."""
    found = _COMMAND.match(text.strip())
    if not found:
        return text
    try:
        parts = shlex.split(found[1])
    except ValueError:
        return Unclear("I cannot read that command line.")
    flags: dict[str, str] = {}
    plain: list[str] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        at += 1
        if not part.startswith("-"):
            plain.append(part)
            continue
        name, equals, value = part.partition("=")
        meant = _FLAGS.get(name)
        if meant is None:
            return Unclear(f"I do not handle `{name}` in a command of kubectl.")
        if meant and not equals:
            value = parts[at] if at < len(parts) else ""
            at += 1
        if meant in flags:
            return Unclear(f"`{name}` stands there twice.")
        if meant:
            flags[meant] = value
    said = _said(plain, flags)
    if not said:
        return Unclear(
            f"I do not carry out `kubectl {' '.join(plain[:2])}`; say what is to be changed."
        )
    place = f" in namespace {flags['namespace']}" if "namespace" in flags else ""
    cluster = f" on cluster {flags['cluster']}" if "cluster" in flags else ""
    return said + place + cluster


def _said(plain: list[str], flags: dict[str, str]) -> str:
    match plain:
        case ["scale", *objects] if objects and "replicas" in flags:
            number = flags["replicas"]
            return " and ".join(f"scale {each} to {number} replicas" for each in _objects(objects))
        case ["rollout", ("restart" | "pause" | "resume") as verb, *objects] if objects:
            return f"{verb} {_object(objects)}"
        case ["delete", *objects] if objects:
            return f"delete {_object(objects)}"
        case ["label", ("ns" | "namespace"), name, *labels] if labels:
            found = [_PSA.fullmatch(each) for each in labels]
            if not all(found):
                return ""
            modes = " ".join(one[1] for one in found if one)
            levels = {one[2] for one in found if one}
            return f"label namespace {name} {modes} {levels.pop()}" if len(levels) == 1 else ""
        case ["set", "resources", *objects] if objects and flags.keys() & {"limits", "requests"}:
            amounts = " ".join(
                f"{bound[:-1]} {what} {amount}"
                for bound in ("limits", "requests")
                for what, _, amount in (
                    each.partition("=") for each in flags.get(bound, "").split(",") if each
                )
            )
            container = f" container {flags['container']}" if "container" in flags else ""
            return f"set {amounts} on {_object(objects)}{container}"
        case _:
            return ""


def _objects(parts: list[str]) -> list[str]:
    return parts if all("/" in part for part in parts) else [" ".join(parts)]


def _object(parts: list[str]) -> str:
    return " and ".join(_objects(parts))
