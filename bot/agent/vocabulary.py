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

_BOUND_TEXT = (
    "a all anti auto best bi by co cross day de double ever extra far fully full half hard high home ill in inter "
    "intra just kernel large least less like long low macro many mid mini mono more most multi near never new "
    "no non off on once one open over own part partly per post pre pro pseudo purpose quasi re read real right "
    "run second self semi short side single so soft sub super tag third three time too trans two ultra un under "
    "up user vice well white wide world write zero sha utf aes x86 amd64 tier step layer phase iso tls rfc top"
)
BOUND = frozenset(_BOUND_TEXT.split())
"""First parts that make a word of the language of whatever follows: `non-root`, `sha-256`."""
_JOINING_TEXT = "in on of to the and or by for out off up down per as at with from over und"
JOINING = frozenset(_JOINING_TEXT.split())
"""Middle parts of words of the language: `out-of-date`."""
_ENDING_TEXT = (
    "only wide level based scoped side time specific aware facing like free ready term in out up off on down "
    "over back by through away party end style sized grade proof class case safe right old new first last high "
    "low deep long rich poor heavy light friendly native compliant compatible bound exempt prone more less "
    "driven built made known proven written given led set held borne sent hidden broken chosen taken run "
    "is day hour minute week month year glass trust weit frei basiert"
)
ENDING = frozenset(_ENDING_TEXT.split())
"""Last parts that make a word of the language: `node-level`."""
_HEADS_TEXT = (
    "api app apps agent backend bot bridge broker cache cart collector controller cron crawler daemon dashboard "
    "db database detector engine exporter exports feed frontend gateway gw indexer job jobs loader manager "
    "monitor operator portal prod processor producer proxy puller queue reader reaper router runner scheduler "
    "scraper sensor server service services sidecar site staging store svc sync syncer system tool ui updater "
    "uploader watcher web worker workers writer binding config credentials dev test sa"
)
HEADS = frozenset(_HEADS_TEXT.split())
"""Last parts that names of software have: `report-worker` is a name though both parts are words."""
_SOFTWARE_TEXT = (
    "alpine amazon anchore apache apparmor aqua aquasecurity argo argo-cd argocd auditd aws azure bash bitnami "
    "bottlerocket buildah buildctl buildkit buildkitd buildx busybox calico cert-manager chainguard checkov cilium "
    "aquasec kaniko-project curlimages clair cloudflare cluster-autoscaler cni concourse connaisseur conftest containerd coredns cosign crane "
    "cri-o crictl csi curl cyclonedx datadog debian dependabot dex dind distroless docker docker-bench "
    "docker-bench-security docker-compose ebpf ecr eks elasticsearch envoy etcd etcdctl external-dns "
    "external-secrets falco falcosidekick fedora fluent-bit fluentd flux fluxcd gatekeeper gcr ghcr git github "
    "github-actions gitlab gke go golang google grafana grype grpc gvisor haproxy harbor hashicorp helm "
    "helmfile hubble in-toto ingress-nginx istio istioctl jaeger java jenkins jetstack jq k3s k8s k9s kafka kaniko kata "
    "kata-containers keda keycloak kind ko kops kpack kube-apiserver kube-bench kube-controller-manager "
    "kube-hunter kube-linter kube-node-lease kube-prometheus kube-proxy kube-public kube-scheduler "
    "kube-score kube-state-metrics kube-system kubeadm kubeaudit kubeconform kubectl kubelet kubent kubernetes "
    "kubernetes-sigs kubescape kubesec kubeval kubewarden kubeseal kured kustomize kyverno "
    "library linkerd linux loki longhorn make maven memcached microk8s minikube minio mongodb mysql nats nerdctl nginx "
    "nginxinc nginx-unprivileged node-exporter node-problem-detector nodejs notary notation npm oauth2-proxy opa "
    "open-policy-agent opencontainers opensearch openshift openssl packer pip pluto podman polaris "
    "policy-controller popeye postgres postgresql prometheus pulumi python quay rabbitmq rancher rbac-lookup "
    "rbac-tool rakkess redis registry renovate rekor fulcio rke2 runc runsc rust sealed-secrets secrets-store-csi-driver "
    "semgrep service-mesh sigstore skopeo slsa snyk sonarqube sops spdx spiffe spire stackrox stakater static "
    "step-ca strimzi sysdig syft systemd tekton terraform terrascan tetragon thanos tls traefik trivy "
    "trivy-operator trivy-db tuf ubi ubuntu vault vcluster velero virtual-kubelet weave wireguard wolfi yq zot "
    "prometheus-operator base base-debian12 static-debian12 etcd-io moby imagetools seccomp selinux"
)
SOFTWARE = frozenset(_SOFTWARE_TEXT.split())
"""Well-known software of clusters, its makers and the names of its images: an answer may advise it."""
_APPLICATIONS_TEXT = "nginx redis postgres postgresql mysql mongodb kafka rabbitmq memcached elasticsearch minio grafana jenkins"
APPLICATIONS = frozenset(_APPLICATIONS_TEXT.split())
"""Of SOFTWARE, what a team runs itself: an object of that name has to be one that was read."""
_REGISTRIES_TEXT = (
    "docker.io gcr.io ghcr.io quay.io registry.k8s.io mcr.microsoft.com cgr.dev public.ecr.aws "
    "registry.access.redhat.com registry.gitlab.com"
)
REGISTRIES = frozenset(_REGISTRIES_TEXT.split())
"""Public registries: well-known software there may be advised."""
_COMPOUNDS_TEXT = (
    "pod-security reverse-proxy load-balancer api-server web-server key-store message-queue man-in-the-middle "
    "admission-controller service-account least-privilege multi-tenant default-allow allow-all e-mail x-ray "
    "east-west north-south ingress-controller egress-gateway user-friendly network-policy role-binding "
    "opt-in opt-out can-i dry-run port-forward api-resources cluster-info web-facing read-write"
)
COMPOUNDS = frozenset(_COMPOUNDS_TEXT.split())
"""Words of the language that the rules of their parts would take for names."""

_KINDS_TEXT = (
    "pod pods po deployment deployments deploy statefulset statefulsets sts daemonset daemonsets ds "
    "replicaset replicasets rs job jobs cronjob cronjobs cj namespace namespaces ns serviceaccount "
    "serviceaccounts sa role roles clusterrole clusterroles rolebinding rolebindings "
    "clusterrolebinding clusterrolebindings networkpolicy networkpolicies netpol service services svc "
    "ingress ingresses secret secrets configmap configmaps cm node nodes"
)
KINDS = frozenset(_KINDS_TEXT.split())
"""Kinds as kubectl takes them."""
KIND_WORDS = KINDS | {"container", "containers", "workload", "workloads", "cluster", "clusters"}
"""After one of these a name may follow, in any text."""
_SUBJECT_WORDS_TEXT = "user users group groups account accounts binding bindings policy"
SUBJECT_WORDS = frozenset(_SUBJECT_WORDS_TEXT.split())
"""As KIND_WORDS, in words of two: `service account web`, `role binding web`; and whom a binding names."""
_PREDICATES_TEXT = (
    "is are was were runs run has have mounts uses fails fail violates breaks allows needs lacks shares exposes "
    "pulls passes sets holds gets can may starts crashes reaches talks binds grants reads "
    "ist sind hat läuft verletzt"
)
PREDICATES = frozenset(_PREDICATES_TEXT.split())
"""What stands in front of one of these is claimed to be something."""

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
