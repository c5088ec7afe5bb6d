"""What a new object is: what the server picks anew each time is no part of it, what a webhook makes of it is."""

from typing import Any

from tools.planning.created import body_digest

SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ports": [{"port": 80}]},
}


def made(**spec: Any) -> str:
    return body_digest({**SERVICE, "spec": SERVICE["spec"] | spec})


def test_the_address_that_a_service_got_does_not_count() -> None:
    assert made() == made(clusterIP="10.96.0.8", clusterIPs=["10.96.0.8"])
    assert made() == made(ports=[{"port": 80, "nodePort": 30123}])


def test_a_service_that_was_made_headless_is_another() -> None:
    assert made() != made(clusterIP="None", clusterIPs=["None"])


def test_a_port_counts() -> None:
    assert made() != made(ports=[{"port": 81}])
