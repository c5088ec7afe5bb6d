"""Whatever the cluster would make of a new object otherwise than it was asked for is told to people."""

import pytest

from bot.approval.differences import lines, patch_text
from bot.approval.made_anew import FILLED_IN, otherwise
from deploy.admission import shapes
from tests.fakes.created import answered, rehearsed, templates

TEMPLATES = templates()
ACCOUNT = "ServiceAccount"
APP = "app Deployment"
DENY = "deny incoming NetworkPolicy"


def told(template, mutate):
    """Say what people are told of an object that a webhook, or the server, changes."""
    manifest = TEMPLATES[template]
    answer = answered(manifest)
    mutate(answer)
    created, changes = rehearsed(manifest, answer)
    found = otherwise(manifest, changes)
    text = patch_text(((created, changes),))
    assert ("The cluster would make of it" in text) == bool(found)
    assert len(list(lines(((created, changes),)))) == 1 + len(found)
    return [(".".join(map(str, one.path)), one.after) for one in found]


def pod(answer):
    """Give the specification of a new Deployment's pods."""
    return answer["spec"]["template"]["spec"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_the_server_itself_fills_in_is_told_to_nobody(template):
    assert told(template, lambda answer: None) == []


@pytest.mark.parametrize(
    ("template", "mutate", "path"),
    [
        (DENY, lambda o: o["spec"].update(ingress=[{}]), "spec.ingress"),
        (DENY, lambda o: o["spec"].update(egress=[{}]), "spec.egress"),
        (
            DENY,
            lambda o: o["spec"].update(podSelector={"matchLabels": {"a": "b"}}),
            "spec.podSelector.matchLabels",
        ),
        (
            "app NetworkPolicy",
            lambda o: o["spec"]["ingress"][0]["from"][0].update(namespaceSelector={}),
            "spec.ingress.0.from.0.namespaceSelector",
        ),
        (
            "app NetworkPolicy",
            lambda o: o["spec"]["ingress"][0]["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}}),
            "spec.ingress.0.from.1",
        ),
        (APP, lambda o: pod(o).update(nodeSelector={"pool": "evil"}), None),
        (APP, lambda o: pod(o).update(tolerations=[{"operator": "Exists"}]), None),
        (APP, lambda o: pod(o).update(runtimeClassName="evil"), None),
        (APP, lambda o: pod(o).update(dnsConfig={"nameservers": ["10.6.6.6"]}), None),
        (APP, lambda o: pod(o).update(dnsPolicy="Default"), None),
        (APP, lambda o: pod(o).update(serviceAccount="admin"), None),
        (APP, lambda o: pod(o)["securityContext"].update(fsGroup=0), None),
        (APP, lambda o: pod(o)["securityContext"].update(seccompProfile={}), None),
        (
            APP,
            lambda o: pod(o)["containers"][0]["securityContext"].update(
                appArmorProfile={"type": "Unconfined"}
            ),
            None,
        ),
        (APP, lambda o: pod(o)["containers"][0].update(imagePullPolicy="Always"), None),
        (
            APP,
            lambda o: pod(o)["containers"][0]["volumeMounts"].insert(
                0, {"name": "tmp", "mountPath": "/etc"}
            ),
            None,
        ),
        (
            APP,
            lambda o: pod(o)["containers"][0]["ports"].extend(
                [{"containerPort": 22, "hostPort": 22}, {"containerPort": 23}]
            ),
            None,
        ),
        (APP, lambda o: pod(o).pop("automountServiceAccountToken"), None),
        (APP, lambda o: o["spec"]["template"]["metadata"].update(annotations={"a": "b"}), None),
        (APP, lambda o: o["metadata"].update(finalizers=["a.example/b"]), "metadata.finalizers"),
        (APP, lambda o: o["spec"].update(minReadySeconds=9), "spec.minReadySeconds"),
        (APP, lambda o: o["spec"].update(strategy={"type": "Recreate"}), "spec.strategy"),
        (
            ACCOUNT,
            lambda o: o["metadata"].update(annotations={"eks.amazonaws.com/role-arn": "arn:aws:x"}),
            "metadata.annotations",
        ),
        (ACCOUNT, lambda o: o.update(secrets=[{"name": "token"}]), "secrets"),
        (
            ACCOUNT,
            lambda o: o.pop("automountServiceAccountToken"),
            "automountServiceAccountToken",
        ),
        (
            "app Service",
            lambda o: o["spec"].update(loadBalancerIP="1.2.3.4"),
            "spec.loadBalancerIP",
        ),
        (
            "app Service",
            lambda o: o["spec"].update(sessionAffinity="ClientIP"),
            "spec.sessionAffinity",
        ),
        ("app Service", lambda o: o["spec"].update(clusterIP="None"), None),
        ("app Service", lambda o: o["spec"].update(ipFamilies=["IPv4", "IPv6"]), "spec.ipFamilies"),
    ],
)
def test_what_a_webhook_adds_or_changes_is_told(template, mutate, path):
    found = told(template, mutate)

    assert found
    assert path is None or [place for place, _ in found] == [path]


def test_every_entry_that_was_added_is_told_also_under_a_name_that_is_there():
    found = told(
        APP,
        lambda answer: pod(answer)["containers"][0]["volumeMounts"].extend(
            [{"name": "tmp", "mountPath": "/etc"}, {"name": "tmp", "mountPath": "/bin"}]
        ),
    )

    assert [one["mountPath"] for _, one in found] == ["/etc", "/bin"]


def test_what_is_hidden_is_what_the_admission_policy_lets_the_server_fill_in():
    """One list for both: what the lab's server was seen to fill in."""
    made_up = {("status",), ("spec", "clusterIP"), ("spec", "clusterIPs")}
    null = {("spec", "template", "metadata", "creationTimestamp")}
    spelled_twice = {("spec", "template", "spec", "serviceAccount")}
    for template, rules in shapes.SERVER.items():
        _, kind = template.split()
        hidden = {
            tuple("0" if part == "*" else part for part in path): values
            for path, values in FILLED_IN[kind].items()
        }
        assert hidden.keys() == rules.keys() - made_up - null - spelled_twice
        for path, values in hidden.items():
            if rules[path].startswith("{x} == ") and values:
                assert [rules[path].removeprefix("{x} == ").strip("'")] == [*map(str, values)]
