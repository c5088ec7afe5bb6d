"""A folder of roles and bindings as the context of a query."""

from pathlib import Path

from tests.fakes.desk import NOW, shared_library
from tools.cluster.manifests.reader import open_folder
from tools.queries.context import QueryContext, Scope
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.types import ALL, ClusterConfig, ClusterSource

GROUP = "rbac.authorization.k8s.io"


def role(name: str, *rules: str, namespace: str = "", labels: str = "{}", more: str = "") -> str:
    """Write a Role (with a namespace) or ClusterRole as YAML."""
    kind = "Role" if namespace else "ClusterRole"
    where = f", namespace: {namespace}" if namespace else ""
    return (
        f"---\napiVersion: {GROUP}/v1\nkind: {kind}\n"
        f"metadata: {{name: '{name}'{where}, labels: {labels}}}\n{more}\n"
        f"rules: [{', '.join(rules)}]\n"
    )


def rule(verbs: str, resources: str, groups: str = '""', names: str = "") -> str:
    """Write one rule."""
    named = f", resourceNames: [{names}]" if names else ""
    return f"{{verbs: [{verbs}], resources: [{resources}], apiGroups: [{groups}]{named}}}"


def binding(name: str, of: str, *subjects: str, namespace: str = "", kind: str = "") -> str:
    """Write a binding; a subject is `Group devs` or `ServiceAccount shop/api`."""
    own = "RoleBinding" if namespace else "ClusterRoleBinding"
    where = f", namespace: {namespace}" if namespace else ""
    listed = []
    for subject in subjects:
        sort, _, who = subject.partition(" ")
        space, slash, account = who.partition("/")
        listed.append(
            f"{{kind: {sort}, name: {account}, namespace: {space}}}"
            if slash
            else f"{{kind: {sort}, name: '{who}'}}"
        )
    return (
        f"---\napiVersion: {GROUP}/v1\nkind: {own}\nmetadata: {{name: '{name}'{where}}}\n"
        f"roleRef: {{apiGroup: {GROUP}, kind: {kind or 'ClusterRole'}, name: '{of}'}}\n"
        f"subjects: [{', '.join(listed)}]\n"
    )


async def context(folder: Path, text: str, *only: str) -> QueryContext:
    """Open the text as a folder, for somebody who may see all of it or these namespaces."""
    (folder / "rbac.yaml").write_text(text)
    config = ClusterConfig(name="lab", source=ClusterSource.FOLDER, folder=str(folder))
    library = shared_library()
    return QueryContext(
        {"lab": Listings(await open_folder(config))},
        Scope({"lab": frozenset(only) if only else ALL}),
        library.search,
        library.guide_for,
        MemoryScans(),
        NOW,
    )
