"""New objects as Oakum asks for them, and as a plain 1.34 server gives them back from a dry run.

What it fills in is what the tests of the admission policy on the lab let through, and nothing else.
"""

import copy
from typing import Any

from deploy.admission.samples import samples
from tools.change.objects import difference, shown
from tools.types import Change, Operation, Target, Verb

Obj = dict[str, Any]


def templates() -> dict[str, Obj]:
    """Give one manifest of each template, by the template's name."""
    return {one.template: copy.deepcopy(one.manifests[0]) for one in samples()}


def answered(manifest: Obj) -> Obj:
    """Give a new object as the server answers, with what it fills in."""
    made = copy.deepcopy(manifest)
    made["metadata"] |= {
        "uid": "7f0c6f0e-8d7a-4c0b-9a55-4b8f4b3a0c11",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "annotations": {"oakum.dev/operation-id": "rehearsal"},
        "managedFields": [{"manager": "oakum-executor", "operation": "Apply"}],
    }
    if made["kind"] == "Deployment":
        _deployment(made)
    if made["kind"] == "Service":
        made["status"] = {"loadBalancer": {}}
        made["spec"] |= {
            "clusterIP": "10.96.0.7",
            "clusterIPs": ["10.96.0.7"],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None",
        }
    return made


def _deployment(made: Obj) -> None:
    made["status"] = {}
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    made["spec"] |= {
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 10,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
    }
    template = made["spec"]["template"]
    template["metadata"]["creationTimestamp"] = None
    template["spec"] |= {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "serviceAccount": template["spec"]["serviceAccountName"],
        "terminationGracePeriodSeconds": 30,
    }
    for container in template["spec"]["containers"]:
        container |= {
            "imagePullPolicy": "IfNotPresent",
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }


def rehearsed(manifest: Obj, answer: Obj) -> tuple[Operation, tuple[Change, ...]]:
    """Give a creation and what people are shown of the server's answer to it."""
    metadata = manifest["metadata"]
    target = Target(
        "prod",
        manifest["apiVersion"],
        manifest["kind"],
        metadata["namespace"],
        metadata["name"],
    )
    created = Operation(Verb.CREATE, target, manifest=manifest)
    return created, shown(difference({}, answer), {}, answer)
