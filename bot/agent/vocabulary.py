"""Words that are no names: what may stand in backticks or around a slash without any result.

Holds constants only. Used by `bot.agent.grounding`.
"""

_ORDINARY_TEXT = (
    "true false null none yes no unset set default unknown pass fail all any name names "
    "kubectl kubelet kube-apiserver kube-proxy kube-system kube-public kube-node-lease etcd "
    "containerd runc cri-o docker podman helm kustomize cilium calico kyverno gatekeeper "
    "get list watch create update patch delete deletecollection apply scale edit describe logs "
    "exec label annotate rollout restart explain auth can-i diff dry-run impersonate bind escalate "
    "privileged baseline restricted enforce warn audit latest root nobody user group users groups "
    "metadata spec status template containers container initcontainers securitycontext "
    "capabilities drop add level type key value values labels annotations selector ports "
    "volumes volume env envfrom args command image images digest tag tags path verbs resources "
    "rules subjects ingress egress ingress/egress yaml json sh bash grep jq openssl crictl "
    "cluster-admin system:masters system:authenticated cluster clusters namespace namespaces "
    "runtimedefault localhost unconfined nginx busybox alpine distroless cosign sigstore syft "
    "grype trivy kube-bench checkov slsa sbom spdx cyclonedx oakum cis pss nist "
    "etc/kubernetes proc sys dev etc var tmp run usr"
)
ORDINARY = frozenset(_ORDINARY_TEXT.split())
"""Lower case."""

_PAIRS_TEXT = (
    "and/or read/write yes/no either/or on/off pass/fail true/false allow/deny input/output "
    "client/server cpu/memory start/stop user/group init/ephemeral get/list get/list/watch "
    "create/update add/remove tcp/udp pod/container ingress/egress key/value http/https n/a "
    "workload/pod role/clusterrole seccomp/apparmor enable/disable his/her w/o c/c++ ci/cd "
    "list/watch warn/audit audit/warn build/deploy dev/prod staging/production linux/amd64 "
    "linux/arm64 kind/name namespace/name nodes/proxy pods/exec pods/log serviceaccounts/token "
    "certificatesigningrequests/approval"
)
PAIRS = frozenset(_PAIRS_TEXT.split())
"""Lower-case words around slashes that name no object."""

_VERSION_WORDS_TEXT = (
    "version versions v release releases kubernetes k8s since from until before after than "
    "containerd runc etcd nginx helm docker cilium calico envoy istio go golang python node "
    "openssl linux kernel ubuntu debian alpine postgres postgresql redis mysql mongodb kafka "
    "chart image tag upgrade to"
)
VERSION_WORDS = frozenset(_VERSION_WORDS_TEXT.split())
"""A number after one of these is a version, not a control."""

CONNECTING = frozenset({"since", "from", "until", "before", "after", "than", "to"})
"""Of VERSION_WORDS, those that say nothing of a version where the sentence speaks of controls."""

_COMPOUND_TEXT = (
    "only wide level based scoped side time specific aware facing like free ready term risk party end "
    "root non self well re pre multi cross co long short high low up down in on out of to the by as "
    "and or least most best worst per all full real third first second single double built so called "
    "own day month year hour host user read write run cluster namespace pod container node network"
)
COMPOUND = frozenset(_COMPOUND_TEXT.split())
"""A word with a hyphen and one of these as a part is taken for a word of the language, not a name."""

_VERBS_TEXT = (
    "* get list watch create update patch delete deletecollection use bind escalate impersonate approve "
    "sign exec"
)
VERBS = frozenset(_VERBS_TEXT.split())
"""What RBAC can allow."""

_SUBRESOURCES_TEXT = (
    "exec log attach portforward proxy status scale token ephemeralcontainers approval eviction finalize "
    "binding metrics stats"
)
SUBRESOURCES = frozenset(_SUBRESOURCES_TEXT.split())
"""What may stand behind a resource's slash."""
