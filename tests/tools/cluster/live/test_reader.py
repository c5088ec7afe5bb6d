"""The live reader against an API server with faults: complete, or a gap that says what is missing."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fakes.kubernetes import FakeKubernetes, Fault
from tools.cluster.connect import connect
from tools.errors import AccessRefused, ClusterUnreachable
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource

POD = KINDS["Pod"]


def pods(count: int, prefix: str = "p", namespace: str = "shop") -> list[dict[str, Any]]:
    return [
        {
            "metadata": {"name": f"{prefix}-{number}", "namespace": namespace},
            "spec": {
                "containers": [
                    {"name": "c", "image": "nginx", "env": [{"name": "A", "value": "canary"}]}
                ]
            },
        }
        for number in range(count)
    ]


def names(objects: Any) -> list[str]:
    return [obj.metadata.name for obj in objects]


async def test_all_pages_are_read(api: FakeKubernetes, open_reader: Any) -> None:
    api.objects["/api/v1/pods"] = pods(1201)
    listing = await (await open_reader()).list(POD)
    assert names(listing.objects) == [f"p-{number}" for number in range(1201)]
    assert listing.gaps == ()
    assert [seen.query["limit"] for seen in api.requests] == ["500"] * 3


async def test_none_is_none_without_a_gap(api: FakeKubernetes, open_reader: Any) -> None:
    listing = await (await open_reader()).list(POD)
    assert (list(listing.objects), listing.gaps) == ([], ())


FAULTS = {
    "410": Fault("status", status=410, message="continue token expired"),
    "429": Fault("status", status=429, headers={"Retry-After": "0"}),
    "500": Fault("status", status=500, headers={"Retry-After": "0"}),
    "503": Fault("status", status=503, headers={"Retry-After": "0"}),
    "504": Fault("status", status=504, headers={"Retry-After": "0"}),
    "time-out": Fault("hang"),
    "cut body": Fault("cut"),
    "cut JSON": Fault("cut-json"),
    "slow page": Fault("slow"),
    "dropped": Fault("drop"),
    "another answer": Fault("garbage"),
}
PAGES = {"first": 0, "middle": 1, "last": 2}


def planted(name: str, page: str, times: int) -> Fault:
    fault = FAULTS[name]
    return Fault(fault.how, "pods", PAGES[page], times, fault.status, fault.headers, fault.message)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_that_passes_leaves_a_complete_list(
    fault: str, page: str, api: FakeKubernetes, open_reader: Any
) -> None:
    def change(plural: str, begun: int) -> None:
        api.objects["/api/v1/pods"] = pods(1400 + begun, f"state{begun}")

    api.before_list = change
    waits = FAULTS[fault].how in ("hang", "slow")
    reader = await open_reader(timeout_s=1.5 if waits else 30)
    await reader.list(KINDS["Node"])
    api.faults = [planted(fault, page, 1)]
    listing = await reader.list(POD)
    assert listing.gaps == ()
    found = names(listing.objects)
    state = found[0].partition("-")[0]
    assert found == [
        f"{state}-{number}" for number in range(1400 + int(state.removeprefix("state")))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
async def test_a_fault_that_stays_is_a_gap_and_never_a_short_list(
    page: str, tmp_path: Path
) -> None:
    many = pods(1201)

    async def outcome(fault: str) -> tuple[list[str], list[tuple[str, str, bool]], list[str]]:
        """Read pods under one fault, and nodes after it."""
        server = await FakeKubernetes().start()
        server.objects = {"/api/v1/pods": many, "/api/v1/nodes": [{"metadata": {"name": "n"}}]}
        folder = tmp_path / fault.replace(" ", "-")
        folder.mkdir()
        path = server.kubeconfig(folder)
        config = ClusterConfig(
            fault, ClusterSource.KUBECONFIG, kubeconfig=path, requests_per_second=1000, timeout_s=1
        )
        reader = await connect(config)
        await reader.list(KINDS["Node"])
        server.faults = [planted(fault, page, 1_000)]
        listing = await reader.list(POD)
        after = await reader.list(KINDS["Node"])
        await reader.close()
        await server.stop()
        gaps = [(gap.what, gap.kind, gap.refused) for gap in listing.gaps if gap.why]
        return names(listing.objects), gaps, names(after.objects)

    outcomes = await asyncio.gather(*(outcome(fault) for fault in FAULTS))
    labelled = ([], [("Pod", "Pod", False)], ["n"])
    assert dict(zip(FAULTS, outcomes, strict=True)) == dict.fromkeys(FAULTS, labelled)


async def test_an_expired_list_is_begun_again_twice_at_most(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.objects["/api/v1/pods"] = pods(1201)
    reader = await open_reader()
    api.faults = [Fault("status", "pods", 1, 2, 410)]
    assert len((await reader.list(POD)).objects) == 1201
    api.faults = [Fault("status", "pods", 1, 3, 410)]
    listing = await reader.list(POD)
    assert (list(listing.objects), listing.gaps[0].why) == (
        [],
        "the list expired 3 times while it was read",
    )


async def test_pages_of_another_snapshot_are_not_mixed_in(
    api: FakeKubernetes, open_reader: Any
) -> None:
    def change(plural: str, begun: int) -> None:
        api.objects["/api/v1/pods"] = pods(1100, f"state{begun}")

    api.before_list = change
    api.faults = [Fault("drift", "pods", 1, 1)]
    listing = await (await open_reader()).list(POD)
    assert {name.partition("-")[0] for name in names(listing.objects)} == {"state3"}
    api.faults = [Fault("drift", "pods", 1)]
    listing = await (await open_reader()).list(POD)
    assert (list(listing.objects), len(listing.gaps)) == ([], 1)


async def test_retry_after_is_waited_for_by_every_request(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.objects["/api/v1/pods"] = pods(1)
    reader = await open_reader()
    api.faults = [Fault("status", "pods", None, 1, 429, {"Retry-After": "1"})]
    assert len((await reader.list(POD)).objects) == 1
    assert api.requests[1].at - api.requests[0].at >= 1


async def test_a_refused_kind_is_a_gap(api: FakeKubernetes, open_reader: Any) -> None:
    api.forbidden = {"pods"}
    listing = await (await open_reader()).list(POD)
    (gap,) = listing.gaps
    assert (gap.kind, gap.why, gap.refused) == (
        "Pod",
        "Oakum's account may not list it (403)",
        False,
    )
    assert len(api.requests) == 1


async def test_a_kind_that_is_deliberately_not_granted_is_marked_so(
    api: FakeKubernetes, open_reader: Any
) -> None:
    reader = await open_reader()
    (configmaps,) = (await reader.list(KINDS["ConfigMap"])).gaps
    assert configmaps.refused
    assert api.requests == []
    api.objects["/apis/constraints.gatekeeper.sh/v1beta1/k8spsp"] = []
    api.forbidden = {"k8spsp"}
    (constraints,) = (await reader.list(KINDS["Constraint"])).gaps
    assert constraints.refused


async def test_constraints_of_every_template_are_read(
    api: FakeKubernetes, open_reader: Any
) -> None:
    group = "/apis/constraints.gatekeeper.sh/v1beta1"
    api.objects[f"{group}/k8spsphostnamespace"] = [
        {"kind": "K8sPSPHostNamespace", "metadata": {"name": "a"}}
    ]
    api.objects[f"{group}/k8spspprivileged"] = [
        {"kind": "K8sPSPPrivileged", "metadata": {"name": "b"}}
    ]
    listing = await (await open_reader()).list(KINDS["Constraint"])
    assert [obj.kind for obj in listing.objects] == ["K8sPSPHostNamespace", "K8sPSPPrivileged"]


@pytest.mark.parametrize("kind", ["Constraint", "Policy", "ClusterPolicy", "AdmissionPolicy"])
async def test_an_optional_api_that_is_absent_has_no_objects(
    kind: str, api: FakeKubernetes, open_reader: Any
) -> None:
    api.absent = {KINDS[kind].group_version}
    listing = await (await open_reader()).list(KINDS[kind])
    assert (list(listing.objects), listing.gaps) == ([], ())


async def test_an_absent_api_is_refused_to_those_without_a_grant_and_still_none(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.absent = {"kyverno.io/v1"}
    api.forbidden = {"clusterpolicies"}
    reader = await open_reader()
    assert (await reader.list(KINDS["ClusterPolicy"])).gaps == ()
    api.absent = set()
    api.objects["/apis/kyverno.io/v1/clusterpolicies"] = []
    (gap,) = (await reader.list(KINDS["ClusterPolicy"])).gaps
    assert "403" in gap.why


async def test_a_built_in_api_that_is_absent_is_a_gap(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.absent = {"networking.k8s.io/v1"}
    (gap,) = (await (await open_reader()).list(KINDS["NetworkPolicy"])).gaps
    assert "does not serve networking.k8s.io/v1 networkpolicies" in gap.why


async def test_one_odd_object_is_one_gap(api: FakeKubernetes, open_reader: Any) -> None:
    objects = pods(3)
    objects[1]["spec"]["containers"] = "none"
    api.objects["/api/v1/pods"] = objects
    listing = await (await open_reader()).list(POD)
    assert names(listing.objects) == ["p-0", "p-2"]
    (gap,) = listing.gaps
    assert gap.what == "Pod shop/p-1"
    assert (gap.kind, gap.namespace) == ("Pod", "shop")


async def test_only_named_namespaces_are_read(api: FakeKubernetes, open_reader: Any) -> None:
    api.objects["/api/v1/pods"] = pods(1) + pods(1, "q", "bank") + pods(1, "r", "other")
    api.objects["/api/v1/namespaces"] = [{"metadata": {"name": n}} for n in ("shop", "bank", "x")]
    reader = await open_reader()
    assert names((await reader.list(POD, ("shop", "bank"))).objects) == ["p-0", "q-0"]
    found = await reader.list(KINDS["Namespace"], ("bank", "gone"))
    assert names(found.objects) == ["bank"]
    assert {seen.path for seen in api.requests} == {
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/bank/pods",
        "/api/v1/namespaces",
    }


async def test_credentials_that_are_not_accepted_end_the_reading(
    api: FakeKubernetes, open_reader: Any
) -> None:
    reader = await open_reader(token="old")
    with pytest.raises(AccessRefused, match="does not accept Oakum's credentials"):
        await reader.list(POD)


async def test_renewed_credentials_are_picked_up(
    api: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    reader = await open_reader()
    api.tokens = {"new"}
    api.kubeconfig(tmp_path, "new")
    assert (await reader.list(POD)).gaps == ()


async def test_a_server_that_is_gone_is_unreachable(api: FakeKubernetes, open_reader: Any) -> None:
    reader = await open_reader()
    await api.stop()
    with pytest.raises(ClusterUnreachable, match=r"cluster lab cannot be reached: no connection"):
        await reader.list(POD)


async def test_a_server_that_never_answers_is_unreachable(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.faults = [Fault("hang")]
    reader = await open_reader(timeout_s=0.1)
    with pytest.raises(ClusterUnreachable, match=r"no answer within 0\.1 seconds"):
        await reader.list(POD)


async def test_an_object_is_read_whole_and_redacted(api: FakeKubernetes, open_reader: Any) -> None:
    api.objects["/api/v1/pods"] = pods(2)
    reader = await open_reader()
    found = await reader.get(POD, "shop", "p-1")
    assert found is not None
    assert (found["kind"], found["metadata"]["name"]) == ("Pod", "p-1")
    assert "canary" not in str(found)
    assert await reader.get(POD, "shop", "p-9") is None


@pytest.mark.parametrize("name", ["", ".", "..", "../secrets/db", "a/b", "a%2fb"])
async def test_a_name_never_leads_elsewhere(
    name: str, api: FakeKubernetes, open_reader: Any
) -> None:
    reader = await open_reader(logs=True)
    assert await reader.get(POD, "shop", name) is None
    assert await reader.get(POD, name, "p-0") is None
    assert not isinstance(await reader.logs(name, "p-0"), str)
    assert (await reader.list(POD, (name,))).objects == [] if name else True
    assert api.requests == []


async def test_an_object_that_may_not_be_read_is_not_said_to_be_absent(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.forbidden = {"pods"}
    reader = await open_reader()
    with pytest.raises(AccessRefused, match="may not read Pod shop/p-0"):
        await reader.get(POD, "shop", "p-0")
    with pytest.raises(AccessRefused, match="not opened"):
        await reader.get(KINDS["ConfigMap"], "shop", "c")


async def test_documents_are_whole_and_redacted(api: FakeKubernetes, open_reader: Any) -> None:
    api.objects["/api/v1/pods"] = pods(2)
    listing = await (await open_reader()).documents(POD)
    assert b'"kind":"Pod"' in listing.objects[0]
    assert b"canary" not in b"".join(listing.objects)


async def test_events_are_newest_first_and_redacted(api: FakeKubernetes, open_reader: Any) -> None:
    api.objects["/api/v1/events"] = [
        {
            "metadata": {"name": f"e{hour}", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "name": f"p-{hour % 2}"},
            "lastTimestamp": f"2026-11-24T0{hour}:00:00Z",
            "message": "login with password=hunter2 failed",
        }
        for hour in (1, 3, 2)
    ]
    reader = await open_reader()
    events = await reader.events("shop", limit=2)
    assert [row["last_seen"][11:13] for row in events.items] == ["03", "02"]
    assert events.cut
    assert "hunter2" not in str(events)
    one = await reader.events("shop", "p-0")
    assert [row["object"] for row in one.items] == ["Pod/p-0"]


async def test_logs_are_closed_unless_opened(api: FakeKubernetes, open_reader: Any) -> None:
    api.logs["shop/p-0"] = "started\nTOKEN=abcdef123456\n" + "line\n" * 100
    closed = await (await open_reader()).logs("shop", "p-0")
    assert not isinstance(closed, str)
    assert closed.refused
    assert api.requests == []
    reader = await open_reader(logs=True)
    text = await reader.logs("shop", "p-0")
    assert isinstance(text, str)
    assert text.startswith("started\nTOKEN=[redacted]\n")
    assert await reader.logs("shop", "p-0", max_bytes=12) == "line\nline\n"
    missing = await reader.logs("shop", "gone")
    assert not isinstance(missing, str)


async def test_nothing_but_get_and_never_a_secret(api: FakeKubernetes, open_reader: Any) -> None:
    reader = await open_reader(configmaps=True, logs=True)
    for kind in KINDS.values():
        await reader.list(kind)
        await reader.list(kind, ("shop",))
        await reader.documents(kind)
        if kind.folder_only:
            with pytest.raises(AccessRefused, match="in folders of manifests only"):
                await reader.get(kind, "shop", "secrets")
        else:
            await reader.get(kind, "shop", "secrets")
    await reader.events("secrets")
    await reader.logs("shop", "secrets")
    await reader.list(POD, ("secrets",))
    assert api.requests
    assert {seen.method for seen in api.requests} == {"GET"}
    sent = len(api.requests)
    secret = msgspec.structs.replace(POD, kind="Secret", plural="secrets")
    for listing in (await reader.list(secret), await reader.list(secret, ("shop",))):
        assert (list(listing.objects), len(listing.gaps)) == ([], 1)
    with pytest.raises(AccessRefused):
        await reader.get(secret, "shop", "db")
    assert len(api.requests) == sent
