"""The writer by itself: what it never sends, how it sends the rest, and that it sends it once."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.kubernetes import FakeKubernetes, Fault
from tools.cluster.live.writer import open_live_writer
from tools.cluster.writer import FIELD_MANAGER, WRITABLE, Writer
from tools.errors import AccessRefused, NoAnswer, NotAllowed, NotSent
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource, Target, Verb

WEB = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-web")
ACCOUNT = Target("lab", "v1", "ServiceAccount", "shop", "new")
MANIFEST = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "new", "namespace": "shop"},
}
PATCH = [{"op": "test", "path": "/metadata/uid", "value": "uid-web"}]


@pytest_asyncio.fixture
async def writer(api: FakeKubernetes, tmp_path: Path) -> AsyncIterator[Writer]:
    api.objects[DEPLOYMENTS] = [deployment()]
    config = ClusterConfig(
        "lab",
        ClusterSource.KUBECONFIG,
        kubeconfig=api.kubeconfig(tmp_path),
        requests_per_second=10_000.0,
        timeout_s=0.4,
    )
    opened = await open_live_writer(config)
    yield opened
    await opened.close()


def target(kind: str, name: str = "web") -> Target:
    found = KINDS[kind]
    return Target("lab", found.group_version, kind, "shop" if found.namespaced else "", name, "u")


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("kind", sorted({*KINDS, "Secret", "Eviction"}))
async def test_only_the_closed_set_of_kinds_is_ever_sent(
    api: FakeKubernetes, writer: Writer, verb: Verb, kind: str
) -> None:
    if kind in WRITABLE[verb]:
        return
    aim = target(kind) if kind in KINDS else Target("lab", "v1", kind, "shop", "web", "u")
    manifest = {"apiVersion": aim.api_version, "kind": kind}
    manifest |= {"metadata": {"name": "web", "namespace": "shop"}}
    with pytest.raises(NotAllowed):
        if verb is Verb.PATCH:
            await writer.patch(aim, PATCH, "op", dry_run=False)
        elif verb is Verb.CREATE:
            await writer.create(aim, manifest, "op", dry_run=False)
        else:
            await writer.delete(aim, "1", "op", dry_run=False)
    assert api.requests == []


@pytest.mark.parametrize(
    "aim",
    [
        Target("lab", "apps/v1", "Deployment", "shop", "../../secrets/x"),
        Target("lab", "apps/v1", "Deployment", "shop/../x", "web"),
        Target("lab", "apps/v1", "Deployment", "shop", "web?force=true"),
        Target("lab", "apps/v1", "Deployment", "shop", "*"),
        Target("lab", "apps/v1", "Deployment", "shop", ""),
        Target("lab", "apps/v1", "Deployment", "", "web"),
        Target("lab", "extensions/v1beta1", "Deployment", "shop", "web"),
        Target("lab", "v1", "Namespace", "shop", "shop"),
    ],
    ids=str,
)
async def test_a_name_that_could_lead_elsewhere_is_not_sent(
    api: FakeKubernetes, writer: Writer, aim: Target
) -> None:
    with pytest.raises(NotAllowed):
        await writer.patch(aim, PATCH, "op", dry_run=False)
    assert api.requests == []


async def test_nothing_is_deleted_without_uid_and_resource_version(
    api: FakeKubernetes, writer: Writer
) -> None:
    with pytest.raises(NotAllowed):
        await writer.delete(
            Target("lab", "apps/v1", "Deployment", "shop", "web"), "1", "op", dry_run=False
        )
    with pytest.raises(NotAllowed):
        await writer.delete(WEB, "", "op", dry_run=False)
    assert api.requests == []


async def test_a_manifest_of_another_object_is_not_sent(
    api: FakeKubernetes, writer: Writer
) -> None:
    for wrong in (
        {**MANIFEST, "metadata": {"name": "new", "namespace": "kube-system"}},
        {**MANIFEST, "metadata": {"name": "other", "namespace": "shop"}},
        {**MANIFEST, "kind": "Secret"},
    ):
        with pytest.raises(NotAllowed):
            await writer.create(ACCOUNT, wrong, "op", dry_run=False)
    assert api.requests == []


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_patch_is_strict_named_and_says_what_came_back(
    api: FakeKubernetes, writer: Writer, dry_run: bool
) -> None:
    api.writes.warnings = ("would violate PodSecurity", "token=hunter2hunter2hunter2 seen")
    reply = await writer.patch(WEB, PATCH, "op-7", dry_run=dry_run)
    [seen] = api.requests
    assert (seen.method, seen.path) == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web")
    wanted = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    assert seen.query == wanted | ({"dryRun": "All"} if dry_run else {})
    assert seen.headers["User-Agent"] == "oakum-executor operation/op-7"
    assert reply.audit_id == "audit-1"
    assert reply.warnings[0] == "would violate PodSecurity"
    assert "hunter2" not in reply.warnings[1]
    assert len(api.writes.effects) == (0 if dry_run else 1)


async def test_a_creation_is_an_apply_that_refuses_what_is_there(
    api: FakeKubernetes, writer: Writer
) -> None:
    first = await writer.create(ACCOUNT, MANIFEST, "op-1", dry_run=False)
    second = await writer.create(ACCOUNT, MANIFEST, "op-2", dry_run=False)
    assert (first.status, second.status) == (201, 409)
    assert [effect.operation_id for effect in api.writes.effects] == ["op-1"]
    for seen in api.requests:
        assert seen.headers["Content-Type"] == "application/apply-patch+yaml"
        assert "force" not in seen.query
        assert json.loads(seen.body)["metadata"]["resourceVersion"] == "1"


async def test_a_deletion_names_the_very_object_and_takes_what_it_owns(
    api: FakeKubernetes, writer: Writer
) -> None:
    other = Target("lab", "apps/v1", "Deployment", "shop", "web", "uid-before")
    assert (await writer.delete(other, "100", "op", dry_run=False)).status == 409
    assert (await writer.delete(WEB, "99", "op", dry_run=False)).status == 409
    assert (await writer.delete(WEB, "100", "op", dry_run=True)).status == 200
    assert api.writes.effects == []
    assert (await writer.delete(WEB, "100", "op", dry_run=False)).status == 200
    options = json.loads(api.requests[-1].body)
    assert options["propagationPolicy"] == "Foreground"
    assert options["preconditions"] == {"uid": "uid-web", "resourceVersion": "100"}
    assert api.objects[DEPLOYMENTS] == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("how", ["drop", "hang", "cut", "cut-json", "slow"])
@pytest.mark.parametrize("verb", Verb)
async def test_what_may_have_been_done_is_never_sent_a_second_time(
    api: FakeKubernetes, writer: Writer, verb: Verb, how: str, after: bool
) -> None:
    """aiohttp sends a DELETE again by itself when the connection breaks; it must not get to."""
    api.faults = [Fault(how, writes=True, after=after)]
    sends = {
        Verb.PATCH: lambda: writer.patch(WEB, PATCH, "op", dry_run=False),
        Verb.CREATE: lambda: writer.create(ACCOUNT, MANIFEST, "op", dry_run=False),
        Verb.DELETE: lambda: writer.delete(WEB, "100", "op", dry_run=False),
    }
    with pytest.raises(NoAnswer):
        await sends[verb]()
    assert len(api.requests) == 1
    assert len(api.writes.effects) == (1 if after else 0)


@pytest.mark.parametrize("status", [409, 422, 429, 500, 503, 504])
async def test_every_answer_is_handed_back_and_not_tried_again(
    api: FakeKubernetes, writer: Writer, status: int
) -> None:
    api.faults = [Fault("status", writes=True, status=status, headers={"Retry-After": "9"})]
    reply = await writer.patch(WEB, PATCH, "op", dry_run=False)
    assert (reply.status, reply.done, reply.retry_after_s) == (status, False, 9.0)
    assert len(api.requests) == 1


async def test_a_redirect_is_not_followed(api: FakeKubernetes, writer: Writer) -> None:
    other = await FakeKubernetes().start()
    api.elsewhere = other.url
    try:
        reply = await writer.patch(WEB, PATCH, "op", dry_run=False)
    finally:
        await other.stop()
    assert not reply.done
    assert other.requests == []


async def test_no_connection_means_that_nothing_was_sent(
    api: FakeKubernetes, writer: Writer
) -> None:
    await api.stop()
    with pytest.raises(NotSent):
        await writer.patch(WEB, PATCH, "op", dry_run=False)


async def test_refused_credentials_are_renewed_once(
    api: FakeKubernetes, writer: Writer, tmp_path: Path
) -> None:
    api.tokens = {"new"}
    api.kubeconfig(tmp_path, "new")
    assert (await writer.patch(WEB, PATCH, "op", dry_run=False)).done
    assert len(api.writes.effects) == 1
    api.tokens = set()
    with pytest.raises(AccessRefused):
        await writer.patch(WEB, PATCH, "op", dry_run=False)
    assert len(api.writes.effects) == 1


async def test_a_review_asks_in_the_namespace(api: FakeKubernetes, writer: Writer) -> None:
    api.writes.allowed = lambda spec: spec["user"] == "ada"
    yes = await writer.review_access("shop", {"user": "ada"})
    no = await writer.review_access("shop", {"user": "eve"})
    assert [r.body["status"]["allowed"] for r in (yes, no)] == [True, False]
    path = "/apis/authorization.k8s.io/v1/namespaces/shop/localsubjectaccessreviews"
    assert {(seen.method, seen.path) for seen in api.requests} == {("POST", path)}
    with pytest.raises(NotAllowed):
        await writer.review_access("shop/../x", {})


async def test_the_executor_reads_what_it_changes_unmasked(writer: Writer) -> None:
    """Masked, a change of a value between approval and write would not be seen."""
    found: Any = await writer.read(WEB)
    env = found["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env == [{"name": "PASSWORD", "value": "canary-hunter2"}]
    assert await writer.read(target("Deployment", "none")) is None
