"""Which version of the Pod Security Standards is judged by, and what is said of it."""

import pytest

from tools.objects.pod import PodSpec
from tools.pod_security import excused, not_yet, standard_of


@pytest.mark.parametrize(
    ("version", "minor", "said"),
    [
        ("v1.34.2", 34, "v1.34, as the cluster runs it"),
        ("v1.34.2-eks-1a2b3c", 34, "v1.34, as the cluster runs it"),
        ("v1.35.0-alpha.1+8f2d", 35, "v1.35, as the cluster runs it"),
        ("1.33", 33, "v1.33, as the cluster runs it"),
        ("v1.41.0", 37, "v1.37, the newest that Oakum knows: the cluster runs v1.41"),
        ("v1.19.16", 25, "v1.25, the oldest that Oakum knows: the cluster runs v1.19"),
        ("", 37, "v1.37, the newest that Oakum knows: no version of the cluster is known"),
        ("latest", 37, "v1.37, the newest that Oakum knows: no version of the cluster is known"),
        ("v2.1.0", 37, "v1.37, the newest that Oakum knows: no version of the cluster is known"),
    ],
)
def test_the_version_is_the_clusters_or_the_nearest_known(
    version: str, minor: int, said: str
) -> None:
    standard = standard_of(version)
    assert (standard.minor, standard.said) == (minor, said)


@pytest.mark.parametrize("host_users", [None, True, False])
def test_user_namespaces_excuse_from_35_on(host_users: bool | None) -> None:
    spec = PodSpec(host_users=host_users)
    own = host_users is False
    assert (excused(spec, 34), excused(spec, 35)) == (False, own)
    assert (bool(not_yet(spec, 34)), bool(not_yet(spec, 35))) == (own, False)
