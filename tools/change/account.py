"""The executor's account: opened here, and asked here what a person may do. Used by `bot.executor`."""

from msgspec import Struct

from tools.cluster.live.writer import open_live_writer
from tools.cluster.manifests.writer import open_folder_writer
from tools.cluster.writer import Writer
from tools.errors import ClusterUnreachable, NoAnswer, NotSent
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object
from tools.types import ClusterConfig, ClusterSource, Operation


class Subject(Struct, frozen=True):
    """A person as the cluster knows them."""

    user: str
    groups: tuple[str, ...] = ()


async def open_account(config: ClusterConfig) -> Writer:
    """Open a cluster with the executor's credentials, or a folder of manifests to edit.

    Raises as `tools.cluster.connect.connect`.
    """
    if config.source is ClusterSource.FOLDER:
        return await open_folder_writer(config)
    return await open_live_writer(config)


async def may(writer: Writer, subject: Subject, operation: Operation) -> bool:
    """Tell whether the cluster allows somebody the verb of an operation on its very object.

    Only an answer that says so is a yes. Raises ClusterUnreachable and AccessRefused where there is none
    (a folder of manifests never has one): then nothing may be done for that person.
    """
    target = operation.target
    kind = KINDS[target.kind]
    namespace = target.namespace or target.name
    spec = {
        "user": subject.user,
        "groups": list(subject.groups),
        "resourceAttributes": {
            "namespace": namespace,
            "verb": str(operation.verb),
            "group": kind.group,
            "version": kind.group_version.rpartition("/")[2],
            "resource": kind.plural,
            "name": target.name,
        },
    }
    try:
        reply = await writer.review_access(namespace, spec)
    except (NoAnswer, NotSent) as error:
        raise ClusterUnreachable(error.public, error.hint) from error
    if reply.status != 201:
        raise ClusterUnreachable(
            f"Cluster {writer.name} does not say what people may do ({reply.status}).",
            "The executor's account needs create on localsubjectaccessreviews in the namespace.",
        )
    return as_object(reply.body.get("status")).get("allowed") is True
