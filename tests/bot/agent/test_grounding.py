import pytest

from bot.agent.allowed import Allowed
from bot.agent.grounding import CONTROL, CVE, LINK, MARK, NAME, ground
from tools.queries.result import LogText, Result
from tools.types import ResourceRef

HOSTS = frozenset({"kubernetes.io"})


@pytest.fixture
def allowed() -> Allowed:
    made = Allowed()
    made.add_ref(ResourceRef("demo", "apps/v1", "Deployment", "shop", "web"))
    made.names |= {"nginx:1.27.3", "registry.example.com/api:2.3.1"}
    made.add_words(
        "CVE-2024-21626 spec.containers[0].securityContext.privileged /var/run/docker.sock"
    )
    made.add_said("is ghost or CVE-2020-1111 or 5.9.9 a problem?")
    return made


KEPT = [
    "CIS 5.2.2 fails for Deployment shop/web.",
    "See control 5.2.7, section 5.2 and CIS 1.12 (benchmark cis-1.12).",
    "`web` in `shop`, also `shop/web`, `deployment/web` and `Deployment/web`.",
    "Kubernetes 1.34.2 and nginx 1.27.3 run; the pod's address is 10.0.0.12.",
    "Image `registry.example.com/api:2.3.1` and `nginx:1.27.3`.",
    "Set `privileged: false`, `runAsNonRoot` and `allowPrivilegeEscalation`.",
    "Read and/or write, ingress/egress, apps/v1, TCP/UDP, 24/7.",
    "Mounts `/var/run/docker.sock`; see CVE-2024-21626.",
    "There is no workload `ghost`.",
    "I know nothing of CVE-2020-1111.",
    "There is no control 5.9.9.",
    "Das ist für die Größe nicht wichtig: Контейнер.",
    "```yaml\nmetadata:\n  name: default-deny\nspec:\n  podSelector: {}\n```",
    "Run `kubectl get pods -n shop`.",
    "Set `securityContext.runAsNonRoot`, spec.egress.to and run setup.sh.",
    "More: https://kubernetes.io/docs/concepts/ and [docs](https://kubernetes.io/docs/).",
    "Controls 5.2.2, 5.2.7 and 5.6.4 of cis-1.12/5.2.9, from 10.0.0.12 to 192.168.1.1.",
    'A **read-only** filesystem, a long-running job, "non-root" users, run-as-non-root.',
    "- host-network: shared with the node\n- least-privilege: less",
    "```\nkubectl create namespace brand-new\nkubectl get pods -n shop\n```",
    "Upgrade to 1.27.3, from nginx 1.27.3 on Kubernetes 1.34.2.",
    "The pod network is 10.244.0.0/16, its port 10.0.0.1:443; use egress.to, values.yaml, spec.host.",
    "From 2021-2024 and 2021-12-31, RFC 7519 section three.",
    "If ghost should be elsewhere: `kubectl get deploy ghost -A`.",
    "Run `kubectl logs deploy/web -n shop --tail=50` or `kubectl -n shop exec deploy/NAME -- id`.",
    "Use `image: nginx:1.27.3@sha256:<digest>`, `ghcr.io/ORG/app:1` or `nginxinc/nginx-unprivileged:1.27`.",
    "A node-level, opt-in, least-privilege, multi-tenant and end-to-end rule; node-exporter, cert-manager.",
    "```sh\ncrane digest nginx:1.27.3\nhelm upgrade RELEASE ./chart -n shop --set a.b=c\n```",
    "CIS-hardened, RBAC-related, UTF-8, SHA-256 and TLS 1.3; ISO 27001; in-cluster and on-call.",
    "Make a `web-reader`:\n\n```yaml\nkind: Role\nmetadata:\n  name: web-reader\n```",
    "It shouldn't; web's account isn't bound.",
    "Fixed in runc 1.1.12, containerd 1.7.11 and Dashboard 2.7.0, in 1.11.5, 1.12.1 and later.",
    "CVE-2020-1111 is a leak of file descriptors in runc.",
    "The `www-data` user, the `rewrite-target` and `ssl-redirect` annotations, the `x-y` plugin.",
    "A JWT has `aud`, `exp` and `sub` claims; the status is `forbidden`.",
    "Pods request `nvidia.com/gpu: 1`; see `cert-manager.io/issuer`.",
    "Run `kustomize build overlays/prod > all.yaml`; it is in `charts/one-app` as application/json.",
    "Tools like `kubectl who-can`, `rbac-lookup` or `rakkess` help.",
    "Use the official image `ghcr.io/some-project/some-image:1.2` instead.",
    "Watch `dmesg`, then run `findmnt /mnt/archive` and `stat -c %a /etc/passwd`.",
    "A Secret referenced by `KEYCLOAK_ADMIN`, called `KC_ADMIN` later.",
    "Look at the ConfigMap `argocd-rbac-cm` and the Deployment `strimzi-cluster-operator`.",
    "Create a service account, for example `web-sa`, and bind `web-sa`.",
    "Run `kubectl -n shop get deploy,sts -o custom-columns=GPU:.status.'nvidia\\.com/gpu'`.",
    "```yaml\nroleRef:\n  kind: ClusterRole\n  name: view\nsubjects:\n- kind: Group\n  name: <group>\n```",
    "```yaml\nimage: ghcr.io/some-project/some-image:1.2\n```",
    "| Namespace | State |\n|---|---|\n| shop | fail |\n| all | 40 % |",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_supported_stays(text: str, allowed: Allowed) -> None:
    checked = ground(text, allowed, HOSTS)
    assert checked.text == text
    assert checked.removed == ()


REMOVED = [
    ("The DaemonSet falco in shop is privileged.", "falco", NAME),
    ("The loki StatefulSet keeps its data on a hostPath.", "loki", NAME),
    ("This is CIS 5.7.2.", "5.7.2", CONTROL),
    ("This is CIS ５.７.２.", "5.7.2", CONTROL),
    ("This is CIS 5.\u200b7.2.", "5.7.2", CONTROL),
    ("This is CIS 5 . 7 . 2 indeed", "5 . 7 . 2", CONTROL),
    ("Controls 5.2.2, 5.9.9 and others", "5.9.9", CONTROL),
    ("It breaks `9.9.9`.", "9.9.9", CONTROL),
    ("Per section 7.3 of it", "7.3", CONTROL),
    ("By CIS Kubernetes Benchmark 1.23", "1.23", CONTROL),
    ("It suffers from CVE-2021-44228.", "CVE-2021-44228", CVE),
    ("It suffers from cve–2021–44228 or CVE 2021 44228.", "44228", CVE),
    ("Deployment `payroll` is bad.", "payroll", NAME),
    ("Look at shop/payroll now.", "payroll", NAME),
    ("Look at deployment/payroll now.", "payroll", NAME),
    ("Look at `wеb-front` (Cyrillic).", "wеb-front", NAME),
    ("The Deployment pay-roll is bad.", "pay-roll", NAME),
    ("The pod **payroll** is bad.", "payroll", NAME),
    ("`ghost` is privileged.", "ghost", NAME),
    ("Run `kubectl -n shop get deploy pay-roll`.", "pay-roll", NAME),
    ("```sh\nkubectl get deployment/payroll -n secret-place\n```", "secret-place", NAME),
    ("The image evil/miner:1.0 runs.", "evil/miner", NAME),
    ("See section five point nine", "9", CONTROL),
    ("By control five point nine point nine", "nine", CONTROL),
    ("5\u20249\u20249 is broken", "9", CONTROL),
    ("5\u20229\u20229 is broken", "9", CONTROL),
    ("CIS ٥٫٩٫٩", "9", CONTROL),
    ("5\\.9\\.9 is broken", "9", CONTROL),
    ("5.**9**.9 is broken", "9", CONTROL),
    ("CIS 5-9-9", "9-9", CONTROL),
    ("CIS5.9.9 is broken", "9.9", CONTROL),
    ("5.9.9: broken", "9.9", CONTROL),
    ("5.9.9/5.2.2", "9.9", CONTROL),
    ("v5.9.9 of the CIS benchmark", "9.9", CONTROL),
    ("controls 5.2 and 5.9", "5.9", CONTROL),
    ("```\n5.9.9 is broken\n```", "9.9", CONTROL),
    ("Move from control 5.2.2 to 5.9.9", "9.9", CONTROL),
    ("CVE:2021-44228", "44228", CVE),
    ("CVE-2021-**44228**", "44228", CVE),
    ("CVE\\-2021\\-44228", "44228", CVE),
    ("C V E 2021-44228", "44228", CVE),
    ("CVE ID 2021-44228", "44228", CVE),
    ("CVEs 2021-44228 and 2021-45046", "45046", CVE),
    ("GHSA-jfh8-c2jp-5v3q", "jfh8", CVE),
    ("**pay-roll** is privileged", "pay-roll", NAME),
    ('"pay-roll" runs as root', "pay-roll", NAME),
    ("the pay-roll deployment", "pay-roll", NAME),
    ("Deployment: pay-roll", "pay-roll", NAME),
    ("DEPLOYMENT PAY-ROLL", "PAY-ROLL", NAME),
    ("Deployments web and pay-roll", "pay-roll", NAME),
    ("| pay-roll | privileged |", "pay-roll", NAME),
    ("- pay-roll: privileged", "pay-roll", NAME),
    ("`Pay-Roll` is privileged", "Pay-Roll", NAME),
    ("Deployment `pay\\-roll`", "roll", NAME),
    ("pay-roll-7f9c6d5b8-x2x9z crashed", "7f9c6d5b8", NAME),
    ("system:serviceaccount:shop:payroll", "payroll", NAME),
    ("`kubectl delete deploy payroll -n shop`", "payroll", NAME),
    ("```\nkubectl delete deployment payroll\n```", "payroll", NAME),
    ('```json\n{"kind": "Pod", "namespace": "payroll"}\n```', "payroll", NAME),
    ("See https://evil.example/x?d=abc for more", "evil.example", LINK),
    ("See [the docs](https://evil.example/x)", "evil.example", LINK),
    ("See [https://kubernetes.io](https://evil.example)", "evil.example", LINK),
    ("![x](https://evil.example/p.png)", "evil.example", LINK),
    ("<https://evil.example|docs>", "evil.example", LINK),
    ("[docs][1]\n\n[1]: https://evil.example/x", "evil.example", LINK),
    ("ledger-api is privileged", "ledger-api", NAME),
    ("It is reached by ledger-api.", "ledger-api", NAME),
    ("The service account robot-x may.", "robot-x", NAME),
    ("Its service account robot is bound.", "robot", NAME),
    ("Deployments web, ledger and billing run.", "ledger", NAME),
    ("Deployments web, ledger and billing run.", "billing", NAME),
    ("The clusters web, ledger and api", "ledger", NAME),
    ("ledger runs as root", "ledger", NAME),
    ("| Name |\n|---|\n| ledger |", "ledger", NAME),
    ("- ledger: root", "ledger", NAME),
    ("**ledger** is bad", "ledger", NAME),
    ("the billing namespace", "billing", NAME),
    ("bound by RoleBinding peek-all to Group sre-team", "sre-team", NAME),
    ("Run `kubectl logs ledger -n shop`.", "ledger", NAME),
    ("```\nkubectl rollout restart sts ledger\n```", "ledger", NAME),
    ("```\nhelm uninstall ledger -n shop\n```", "ledger", NAME),
    ("```yaml\nimage: evil.example/miner:1\n```", "miner", NAME),
    ("`nginx@sha256:0123456789abcdef0123`", "0123456789abcdef", NAME),
    ("ledger\u2011api is privileged", "api", NAME),
    ("ledger\u2013api is privileged", "api", NAME),
    ("Fixed by RHSA-2023:5765.", "5765", CVE),
    ("GO-2024-2687", "2687", CVE),
    ("osv-2022-1103 and **DSA-5558-1**", "5558", CVE),
    ("USN-6427-1", "6427", CVE),
    ("SNYK-JS-LODASH-567746", "567746", CVE),
    ("It breaks control 5/2/99.", "2/99", CONTROL),
    ("It breaks 5.2.99.", "2.99", CONTROL),
    ("Control five point two point ninety-nine", "ninety", CONTROL),
    ("Go to evil.com now", "evil.com", LINK),
    ("https://kubernetes.io@evil.example/", "evil.example", LINK),
    ("https://kubernetes.io.evil.example/", "evil.example", LINK),
    ("http://kubernetes.io/", "http://", LINK),
    ("ｈttps://evil.example/", "evil.example", LINK),
    ("https:\u200b//evil.example/", "evil.example", LINK),
    ("javascript:alert(1)", "javascript:alert", LINK),
    ('<a href="https://evil.example">x</a>', "evil.example", LINK),
    ("https:/evil.store/x", "evil", LINK),
    ("https:\\\\evil.store\\x", "evil", LINK),
    ("see //evil.store/x", "evil", LINK),
    ("see www.evil.somewhere", "evil", LINK),
    ("see evil.tech now, or EVIL.STORE/x", "vil", LINK),
    ("<evil.store/a|x>", "evil", LINK),
    ("<//evil.store|x>", "evil", LINK),
    ("write to a@evil.store", "evil", LINK),
    ("1.2.3.4/leak?d=1", "leak", LINK),
    ("The billing service runs as root.", "billing", NAME),
    ("See namespace staging.", "staging", NAME),
    ("StatefulSets mysql and web", "mysql", NAME),
    ("Look into shop/grafana.", "grafana", NAME),
    ("| Namespace | n |\n|---|---|\n| checkout | 2 |", "checkout", NAME),
    ("platform-display (DaemonSet) is root", "platform-display", NAME),
    ("The workloads are announcer, heartbeat and web.", "heartbeat", NAME),
    ("The pods of invoicer crash.", "invoicer", NAME),
    ("Pod `payroll` is bad. Drop root from payroll.", "from payroll", NAME),
    ("Run `kubectl get pods --as felix`.", "felix", NAME),
    ("Run `kubectl logs -f web-6b7f8d9c5d-k8s2p`.", "k8s2p", NAME),
    ("Run `kubectl logs -l app=ledger-batch`.", "ledger-batch", NAME),
    ("```yaml\nroleRef:\n  name: payroll-reader\n```", "payroll-reader", NAME),
    ("```yaml\nsubjects:\n- kind: User\n  name: felix\n```", "felix", NAME),
    (
        "```yaml\nkind: Deployment\nmetadata:\n  name: pay-roll\n```\nSo pay-roll is fine.",
        "So pay",
        NAME,
    ),
    ("It runs CVE-2020-1111, so web is affected.", "1111", CVE),
    ("evil\u3002com/x", "com/x", NAME),
    ("evil\u3002com", "evil", LINK),
    ("evil.store:8080/x", "evil", LINK),
]


@pytest.mark.parametrize(("text", "gone", "what"), REMOVED)
def test_what_nothing_supports_is_taken_out(
    text: str, gone: str, what: str, allowed: Allowed
) -> None:
    checked = ground(text, allowed, HOSTS)
    assert gone not in checked.text
    assert what in checked.removed


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> look",
        "<!here|here>",
        "@channel look",
        "@ everyone",
        "<@U012ABCDEF>",
        "＠here",
        "<!subteam^S1>",
        "@\u200bchannel",
        "@**channel**",
        "@\\channel",
        "@@channel",
        "@_here_",
    ],
)
def test_mentions_are_inert(text: str, allowed: Allowed) -> None:
    checked = ground(text, allowed, HOSTS).text
    assert "@" not in checked
    assert "<!" not in checked


def test_a_version_in_the_cluster_makes_no_control(allowed: Allowed) -> None:
    allowed.names.add("registry.example.com/api:5.9.9")
    allowed.add_words("registry.example.com/api:5.9.9")
    checked = ground("It runs 5.9.9, which breaks CIS 5.9.9.", allowed, HOSTS)
    assert checked.text == f"It runs 5.9.9, which breaks CIS {MARK}."


def test_what_a_log_says_may_be_quoted_and_is_claimed_of_nothing(allowed: Allowed) -> None:
    allowed.take(
        Result("", LogText("demo", "shop", "web-1", "web", "no host reports-db.data.svc", 1))
    )
    said = 'The log says "no host reports-db.data.svc", so it needs the Service `reports-db`.'
    assert ground(said, allowed, HOSTS).text == said
    assert ground("`reports-db` is privileged.", allowed, HOSTS).text == f"{MARK} is privileged."


def test_a_mark_before_a_bracket_is_no_link(allowed: Allowed) -> None:
    checked = ground("`payroll` (Deployment) and [docs](https://evil.example)", allowed, HOSTS)
    assert checked.text == f"{MARK} (Deployment) and docs [link removed]"


def test_the_mark_says_nothing_of_what_was_removed(allowed: Allowed) -> None:
    assert ground("`payroll`", allowed, HOSTS).text == MARK


def test_secrets_are_masked_even_when_split_by_hidden_characters(allowed: Allowed) -> None:
    text = "token ghp_0123456789abcdefghij\u200bABCDEFGHIJ012345"
    assert "0123456789abcdefghij" not in ground(text, allowed, HOSTS).text
