"""Work out less access, a patch for an administrator: a `subject` out of a binding, or a role's `limits`.

These say what is left of each rule, by its index (read_object first); a list not given stays. A whole
RoleBinding: propose_change, delete.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tools.actions.narrow_role import NarrowRole, RuleLimit
from tools.actions.remove_subject import BoundSubject, RemoveSubject, SubjectKind
from tools.errors import BadArgument
from tools.queries.context import QueryContext
from tools.queries.proposing.change import find_object, propose
from tools.queries.result import Result
from tools.types import Action, Target

Names = Annotated[list[Annotated[str, Field(max_length=128)]], Field(min_length=1, max_length=50)]


class Limit(BaseModel):
    """What is left of one rule; a list that is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    rule: int = Field(ge=0, le=500)
    remove: bool = Field(default=False)
    verbs: Names | None = Field(default=None)
    api_groups: Names | None = Field(default=None)
    resources: Names | None = Field(default=None)
    resource_names: Names | None = Field(default=None)


class Arguments(BaseModel):
    """Which role or binding, and what of it goes."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(
        min_length=1, max_length=60, description="RoleBinding, ClusterRole and so on."
    )
    name: str = Field(min_length=1, max_length=253, description="Exact name of role or binding.")
    namespace: str = Field(default="", max_length=63, description="Of a Role or RoleBinding.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    subject_kind: SubjectKind | None = Field(default=None)
    subject: str = Field(default="", max_length=253)
    subject_namespace: str = Field(default="", max_length=63)
    limits: list[Limit] = Field(default_factory=list[Limit], max_length=50)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Work it out; says why there is none."""
    reader, target = await find_object(
        context, arguments.cluster, arguments.kind, arguments.namespace, arguments.name
    )
    narrows = target.kind in ("Role", "ClusterRole")
    action = _narrow(arguments, target) if narrows else _remove(arguments, target)
    return await propose(context, reader, action)


def _remove(arguments: Arguments, target: Target) -> Action:
    """Make the action on a binding."""
    if arguments.subject_kind is None or not arguments.subject:
        raise BadArgument("Whom is it no longer to name?", "Give `subject_kind` and `subject`.")
    subject = BoundSubject(
        arguments.subject_kind, arguments.subject, arguments.subject_namespace or None
    )
    return RemoveSubject(target=target, subject=subject)


def _narrow(arguments: Arguments, target: Target) -> Action:
    """Make the action on a role."""
    if not arguments.limits:
        raise BadArgument("What is to be left of its rules?", "Give `limits`.")
    return NarrowRole(
        target=target,
        limits=tuple(
            RuleLimit(
                limit.rule,
                limit.remove,
                _tuple(limit.verbs),
                _tuple(limit.api_groups),
                _tuple(limit.resources),
                _tuple(limit.resource_names),
            )
            for limit in arguments.limits
        ),
    )


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
