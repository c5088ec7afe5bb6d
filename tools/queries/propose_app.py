"""Work out a new small application from a template of ours, to be approved by people; changes nothing.

It is hardened, has a service account and a network policy of its own, and no command, environment,
volume or token. Call it only when the person asks to deploy something. The image has to be written by
digest in the person's own message, and so has the user id, if one is given.
"""

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
        description="registry/name@sha256:digest, as the person wrote.",
    )
    port: int = Field(ge=1024, le=65535, description="That it listens on.")
    replicas: int = Field(default=2, ge=1, le=20, description="How many pods.")
    user: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="User id, as the person wrote it."
    )
    cpu_millicores: int = Field(default=100, ge=10, le=16_000, description="Asked for and limit.")
    memory_mib: int = Field(default=128, ge=16, le=65_536, description="Asked for and limit.")


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
