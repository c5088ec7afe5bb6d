"""Objects as a real API server stores them, small: what changes are tried on."""

import copy
from typing import Any

Obj = dict[str, Any]

DEPLOYMENTS = "/apis/apps/v1/deployments"
NAMESPACES = "/api/v1/namespaces"


def deployment(name: str = "web", namespace: str = "shop", **container: Any) -> Obj:
    """Give a privileged Deployment with three replicas, fully rolled out."""
    main = {
        "name": "app",
        "image": "lab.local/busybox:1",
        "env": [{"name": "PASSWORD", "value": "canary-hunter2"}],
        "securityContext": {"privileged": True},
        **container,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "resourceVersion": "100",
            "generation": 1,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "managedFields": [{"manager": "kubectl-create", "operation": "Update"}],
        },
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [main], "automountServiceAccountToken": False},
            },
        },
        "status": {
            "observedGeneration": 1,
            "replicas": 3,
            "updatedReplicas": 3,
            "availableReplicas": 3,
        },
    }


def namespace(name: str = "shop", **labels: str) -> Obj:
    """Give a Namespace with labels."""
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": "1", "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def rolled_out(deployed: Obj, revision: str = "2") -> tuple[Obj, Obj, list[Obj]]:
    """Give a Deployment with its change rolled out, its ReplicaSet and its pods."""
    obj = copy.deepcopy(deployed)
    metadata = obj["metadata"]
    metadata["annotations"]["deployment.kubernetes.io/revision"] = revision
    obj["status"] = {
        "observedGeneration": metadata["generation"],
        "replicas": 3,
        "updatedReplicas": 3,
        "availableReplicas": 3,
    }
    made_by = {"kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"]}
    digest = f"hash{revision}"
    labels = {"app": metadata["name"], "pod-template-hash": digest}
    replica_set = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{digest}",
            "namespace": metadata["namespace"],
            "uid": f"uid-{digest}",
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{**made_by, "controller": True}],
        },
        "spec": {"template": copy.deepcopy(obj["spec"]["template"])},
    }
    owner = {"kind": "ReplicaSet", "name": replica_set["metadata"]["name"], "uid": f"uid-{digest}"}
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{replica_set['metadata']['name']}-{number}",
                "namespace": metadata["namespace"],
                "uid": f"uid-pod-{digest}-{number}",
                "labels": labels,
                "ownerReferences": [{**owner, "controller": True}],
            },
            "spec": copy.deepcopy(obj["spec"]["template"]["spec"]),
        }
        for number in range(3)
    ]
    return obj, replica_set, pods
