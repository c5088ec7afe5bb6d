"""Pod Security labels on a namespace: which level its pods are held to.

Stricter only: to loosen what a namespace is held to is not in the vocabulary. Whether pods that are
there would be refused is shown when it is rehearsed, and makes it a high risk.
"""

import copy
import re
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from tools.planning.drafting import Draft, found, low, medium, patch_plan
from tools.planning.patching import as_object
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Risk

KINDS = ("Namespace",)
NEEDS = ()
PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")
ANSWERS = ("namespace_without_pod_security",)
_VERSION = r"\A(latest|v1\.[1-9][0-9]?)\Z"


class Level(StrEnum):
    """Pod Security Standards, weakest first."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for privileged to 2 for restricted."""
        return list(Level).index(self)


class LabelNamespace(Action, frozen=True, kw_only=True, tag="label_namespace"):
    """The level of each mode; None leaves what is there. At least one is given."""

    enforce: Level | None = None
    audit: Level | None = None
    warn: Level | None = None
    version: Annotated[str, Meta(pattern=_VERSION)] = "latest"
    """Of the standards, for every mode that is given."""


def touches(kind: str) -> tuple[Pattern, ...]:
    """List the labels that it may set."""
    return tuple(
        ("metadata", "labels", f"{PREFIX}{mode}{suffix}")
        for mode in MODES
        for suffix in ("", "-version")
    )


def plan(action: LabelNamespace, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the patch of the labels."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    wanted = {
        mode: level
        for mode, level in zip(MODES, (action.enforce, action.audit, action.warn), strict=True)
        if level is not None
    }
    after = copy.deepcopy(there)
    metadata = as_object(after["metadata"])
    if not isinstance(metadata.get("labels"), dict):
        metadata["labels"] = {}
    labels = as_object(metadata["labels"])
    for mode, level in wanted.items():
        held = str(labels.get(PREFIX + mode) or "")
        if held in list(Level) and Level(held).rank > level.rank:
            return Refusal(
                Reason.NO_SAFE_FIX,
                f"Namespace {target.name} is held to {held} by {mode} already, which is stricter.",
                "Loosening is for a person who runs the cluster.",
            )
        version = f"{PREFIX}{mode}-version"
        if held != level.value or not re.match(_VERSION, str(labels.get(version, "latest"))):
            labels[PREFIX + mode] = level.value
            labels[version] = action.version
    if not wanted:
        return Refusal(Reason.NO_SAFE_FIX, "No mode was given.", "Say which level to enforce.")
    return patch_plan(
        Draft(
            target,
            there,
            after,
            touches(target.kind),
            (_risk(action.enforce),),
            (
                "Pods that run now go on running; the label judges only new ones.",
                f"The -version labels go along: they say by which version of the standards ({action.version}).",
            ),
        ),
        around,
    )


def _risk(enforce: Level | None) -> Risk:
    """Judge what the labels do to pods."""
    if enforce is None:
        return low("It only warns and records.")
    if enforce is Level.PRIVILEGED:
        return low("It refuses no pod, so it protects nothing either.")
    return medium(
        f"Pods that break {enforce.value} are refused when they are made again, at the latest when "
        "a node goes."
    )
