"""Work out a new hardened application for people to approve; they write the image by digest."""

from pydantic import BaseModel, ConfigDict, Field

from tools.actions.deploy_app import DeployApp
from tools.objects.kinds import KINDS
from tools.plans import Reason
from tools.queries.context import QueryContext
from tools.queries.looking.scoping import pick_cluster, pick_namespace
from tools.queries.proposing.change import propose, refused, said_user, said_word
from tools.queries.result import Result
from tools.types import Target


class Arguments(BaseModel):
    """What can be chosen of the template."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=63, description="Of the new Deployment.")
    namespace: str = Field(min_length=1, max_length=63, description="Where; it has to exist.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    image: str = Field(
        min_length=1,
        max_length=320,
    )
    port: int = Field(ge=1024, le=65535)
    replicas: int = Field(default=2, ge=1, le=20)
    user: int | None = Field(default=None, ge=1, le=2**31 - 1)
    cpu_millicores: int = Field(default=100, ge=10, le=16_000)
    memory_mib: int = Field(default=128, ge=16, le=65_536)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Work it out; says why there is none, and what the person has to say."""
    reader = pick_cluster(context, arguments.cluster)
    namespace = await pick_namespace(context, reader, arguments.namespace)
    kind = KINDS["Deployment"]
    target = Target(reader.name, kind.group_version, kind.kind, namespace, arguments.name)
    unsaid = _unsaid(arguments, context)
    if unsaid:
        ref = target.ref
        wanted = f"deploy {target.kind} {namespace}/{arguments.name}"
        return refused(ref, wanted, Reason.NEEDS_PERSON, unsaid, "Ask the person to write it.")
    action = DeployApp(
        target=target,
        image=arguments.image,
        port=arguments.port,
        replicas=arguments.replicas,
        user=arguments.user,
        cpu_millicores=arguments.cpu_millicores,
        memory_mib=arguments.memory_mib,
    )
    return await propose(context, reader, action)


def _unsaid(arguments: Arguments, context: QueryContext) -> str:
    """Name what only the asker can say and did not; empty where all was said."""
    if not said_word(context, arguments.image):
        return "The person asking did not write that image in this thread."
    if arguments.user is not None and not said_user(context, arguments.user):
        return f"The person asking did not name the user id {arguments.user} in this thread."
    return ""
