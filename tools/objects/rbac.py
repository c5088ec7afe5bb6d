"""API group rbac.authorization.k8s.io (v1): roles and who holds them."""

from msgspec import Struct, field

from tools.objects.meta import LabelSelector, Metadata


class PolicyRule(Struct, gc=False, rename="camel", omit_defaults=True):
    """What a role allows: every verb on every resource of every group that it names."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = field(default=None, name="nonResourceURLs")


class AggregationRule(Struct, gc=False, rename="camel", omit_defaults=True):
    """Whose rules a ClusterRole collects: those of every ClusterRole that one selector selects."""

    cluster_role_selectors: list[LabelSelector] | None = None


class Role(Struct, gc=False, omit_defaults=True):
    """Rules for one namespace."""

    metadata: Metadata = field(default_factory=Metadata)
    rules: list[PolicyRule] | None = None


class ClusterRole(Struct, gc=False, rename="camel", omit_defaults=True):
    """Rules for the cluster, or for a namespace where a RoleBinding names it."""

    metadata: Metadata = field(default_factory=Metadata)
    rules: list[PolicyRule] | None = None
    aggregation_rule: AggregationRule | None = None


class RoleRef(Struct, gc=False, omit_defaults=True):
    """The role that a binding gives."""

    kind: str = ""
    name: str = ""


class BindingSubject(Struct, gc=False, omit_defaults=True):
    """Whom a binding gives a role: kind is User, Group or ServiceAccount."""

    kind: str = ""
    name: str = ""
    namespace: str | None = None


class RoleBinding(Struct, gc=False, rename="camel", omit_defaults=True):
    """Gives a Role or ClusterRole in one namespace."""

    metadata: Metadata = field(default_factory=Metadata)
    role_ref: RoleRef = field(default_factory=RoleRef)
    subjects: list[BindingSubject] | None = None


class ClusterRoleBinding(Struct, gc=False, rename="camel", omit_defaults=True):
    """Gives a ClusterRole everywhere."""

    metadata: Metadata = field(default_factory=Metadata)
    role_ref: RoleRef = field(default_factory=RoleRef)
    subjects: list[BindingSubject] | None = None
