"""Partial structs take what servers and people write, and nothing of a Secret."""

import types
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Struct

from tools.objects.kinds import KINDS

NAMES = sorted(KINDS)


def structs_below(struct: type[Struct]) -> set[type[Struct]]:
    """Collect the structs that one is made of."""
    found: set[type[Struct]] = set()
    waiting: list[Any] = [struct]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type) and issubclass(each, Struct):
            if each not in found:
                found.add(each)
                waiting += get_type_hints(each).values()
        elif get_origin(each):
            waiting += get_args(each)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_object_with_metadata_alone_decodes(name: str) -> None:
    decoded = msgspec.json.decode(b'{"metadata": {"name": "a"}}', type=KINDS[name].struct)
    assert decoded.metadata.name == "a"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_field_that_is_not_required_takes_null_or_has_a_plain_default(name: str) -> None:
    for struct in structs_below(KINDS[name].struct):
        hints = get_type_hints(struct)
        for field in msgspec.structs.fields(struct):
            if field.required or field.default is None:
                continue
            if field.name in ("metadata", "role_ref", "name", "kind"):
                continue
            assert get_origin(hints[field.name]) in (Union, types.UnionType), (struct, field.name)


@pytest.mark.parametrize("name", NAMES)
def test_no_struct_is_tracked_by_the_garbage_collector(name: str) -> None:
    for struct in structs_below(KINDS[name].struct):
        assert struct.__struct_config__.gc is False


def test_odd_types_in_fields_that_nobody_reads_do_no_harm() -> None:
    odd = (
        b'{"metadata": {"name": "p", "managedFields": "odd", "labels": {"a": 1},'
        b' "annotations": {"b": true}, "ownerReferences": null},'
        b' "spec": {"nodeName": 5, "tolerations": {}, "containers": [{"name": "a", "image": null,'
        b' "resources": 3, "env": [{"name": "A", "value": 7}], "ports": null}],'
        b' "volumes": [{"name": "v", "emptyDir": {"sizeLimit": 10}}]}, "status": {"conditions": 5}}'
    )
    pod: Any = msgspec.json.decode(odd, type=KINDS["Pod"].struct)
    assert pod.spec.containers[0].env[0].name == "A"
    assert not hasattr(pod.spec.containers[0].env[0], "value")


def test_a_secret_is_no_kind() -> None:
    assert "Secret" not in KINDS
    assert "secrets" not in {kind.plural for kind in KINDS.values()}


def test_groups() -> None:
    assert KINDS["Pod"].group == ""
    assert KINDS["Deployment"].group == "apps"
    assert KINDS["Role"].group == "rbac.authorization.k8s.io"
