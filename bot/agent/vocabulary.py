"""Words that are no names: what may stand in backticks or around a slash without any result.

Holds constants only. Used by `bot.agent.grounding`.
"""

from pathlib import Path

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
    "cluster-admin admin edit view system:masters system:authenticated cluster clusters namespace namespaces "
    "runtimedefault localhost unconfined nginx busybox alpine distroless cosign sigstore syft "
    "grype trivy kube-bench checkov slsa sbom spdx cyclonedx oakum cis pss nist "
    "forbidden denied allowed refused unauthorized unauthenticated running pending ready failed succeeded completed "
    "terminating evicted error errors warning notice critical high medium low info debug trace "
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

LISTING = frozenset({"and", "or", "&", "und", "oder"})
_BREAKING_TEXT = (
    "breaks break broke fails fail failing failed violates violate violating passes pass meets meet against per by "
    "see satisfies satisfy covers cover addresses fulfils is are under with"
)
BREAKING = frozenset(_BREAKING_TEXT.split())
"""A number after one of these is a control, not a version."""

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
    "uploader watcher web worker workers writer binding config credentials dev test sa "
    "account accounts adapter admins aggregator alerts archive archiver backup bff billing bots builder cleaner cli client "
    "cms consumer controllers cp crm customer daemons data deployer display dispatcher edge engine etl events export fetcher "
    "forwarder gate generator handler hub import importer ingest inventory invoices janitor jobs keeper launcher ledger listener "
    "logger mail mailer main map master mgr migrator mirror node nodes notifier office orders owner payments pipeline planner poller "
    "pricing printer provider publisher pump radio receiver recorder registry relay renderer replica report reporter reports "
    "results runners sa scanner screen search secrets sender settings sink slave stats stock store stream "
    "supervisor support team tracker trigger users viewer vm wallet watch"
)
HEADS = frozenset(_HEADS_TEXT.split())
"""Last parts that names of software have: `report-worker` is a name though both parts are words."""
SOFTWARE = frozenset((Path(__file__).parent / "software.txt").read_text("utf-8").split())
"""Well-known software of clusters, its makers and the names of its images: an answer may advise it."""
_APPLICATIONS_TEXT = (
    "nginx redis postgres postgresql mysql mongodb kafka rabbitmq memcached elasticsearch minio grafana jenkins mariadb "
    "cassandra zookeeper wordpress nextcloud gitea mattermost sonarqube nexus artifactory airflow superset metabase "
    "mlflow jupyter jupyterhub spinnaker solr couchdb clickhouse influxdb opensearch mosquitto activemq pulsar neo4j "
    "tomcat varnish valkey cockroachdb drupal joomla odoo discourse gitlab keycloak"
)
APPLICATIONS = frozenset(_APPLICATIONS_TEXT.split())
"""Of SOFTWARE, what a team runs itself: an object of that name has to be one that was read."""
_MAKERS_TEXT = (
    "argocd argo trivy cosign istio cilium calico kyverno falco ingress-nginx cert-manager external-secrets "
    "secrets-store velero gatekeeper tekton linkerd keda knative karpenter nvidia dcgm csi coredns gvisor "
    "buildkit openshift longhorn opentelemetry jaeger sigstore tigera antrea strimzi grafana-agent kubevirt rook longhorn crossplane percona cnpg cloudnative-pg kubelet kubeadm runc crun seccomp "
    "apparmor selinux sealed-secrets oauth2 metrics-server"
)
MAKERS = frozenset(_MAKERS_TEXT.split())
"""Software whose parts bear its name first: `argocd-rbac-cm`."""
_QUANTITIES_TEXT = "all any none various several multiple every both many unknown unset yes no missing other each most some rest total"
_ORDERING_TEXT = "start enable disable disallow require restrict prevent validate verify enforce skip ignore set get print"
ORDERING = frozenset(_ORDERING_TEXT.split())
"""First parts of rules, options and subcommands: `disallow-latest-tag`."""
QUANTITIES = frozenset(_QUANTITIES_TEXT.split())
"""What a cell may say instead of a name."""
_CALLED_TEXT = (
    "analytics backup beacon billing blog booking cache cart catalog catalogue chat checkout cleanup coordinator "
    "courier crawler customer customers dashboard demo dev dispatcher email finance forum frontend gallery "
    "gateway indexer ingest inventory invoice invoices invoicing kiosk landing ledger legacy loader login mail "
    "mailer mailroom media monitor news notifications notifier order orders payment payments payroll pipeline "
    "planner portal pricing printer prod production publisher radar recommendations reporter reporting reports "
    "returns runner sales sandbox scraper shipping shop signup staging stats storefront subscriptions telemetry "
    "terminal tickets toolbox tracker tracking translator uploader uploads vault vendor video viewer warehouse "
    "web website wiki"
)
CALLED = frozenset(_CALLED_TEXT.split())
"""Words of the language that workloads, namespaces and accounts are called: names behind a kind."""
_REGISTRIES_TEXT = (
    "docker.io gcr.io ghcr.io quay.io registry.k8s.io k8s.gcr.io mcr.microsoft.com cgr.dev public.ecr.aws nvcr.io "
    "registry.access.redhat.com registry.redhat.io registry.gitlab.com docker.elastic.co docker.n8n.io lscr.io "
    "xpkg.upbound.io icr.io container-registry.oracle.com"
)
REGISTRIES = frozenset(_REGISTRIES_TEXT.split())
"""Public registries: well-known software there may be advised."""
_KEY_DOMAINS_TEXT = (
    "microsoft.com xilinx.com habana.ai redhat.com google.com squat.ai k8s.io kubernetes.io nvidia.com amd.com intel.com cert-manager.io istio.io linkerd.io amazonaws.com eks.amazonaws.com "
    "azure.com azure.workload.identity gke.io cloud.google.com cilium.io projectcalico.org argoproj.io fluxcd.io prometheus.io "
    "kyverno.io coreos.com external-secrets.io velero.io keda.sh karpenter.sh openshift.io helm.sh sigstore.dev "
    "stakater.com vault.hashicorp.com traefik.io konghq.com knative.dev tekton.dev strimzi.io kubevirt.io rancher.io cattle.io "
    "cncf.io longhorn.io aquasecurity.github.io gatekeeper.sh rook.io ceph.com opentelemetry.io crossplane.io falco.org spiffe.io"
)
KEY_DOMAINS = tuple(_KEY_DOMAINS_TEXT.split())
"""Domains before the slash of labels, annotations, API groups and resources, whatever comes before them."""
_COMPOUNDS_TEXT = (
    "pod-security reverse-proxy load-balancer api-server web-server key-store message-queue man-in-the-middle "
    "admission-controller service-account least-privilege multi-tenant default-allow allow-all e-mail x-ray "
    "east-west north-south ingress-controller egress-gateway user-friendly network-policy role-binding "
    "opt-in opt-out can-i dry-run port-forward api-resources cluster-info web-facing read-write"
)
COMPOUNDS = frozenset(_COMPOUNDS_TEXT.split())
"""Words of the language that the rules of their parts would take for names."""

_THINGS_TEXT = (
    "tool tools plugin plugins flag flags option options command commands subcommand mode modes package packages binary "
    "library algorithm header headers module modules extension extensions annotation annotations label labels field fields "
    "parameter parameters argument arguments gate gates feature features parser repository repo cli utility script "
    "variable variables driver drivers class classes keyword syscall syscalls function method protocol format schema "
    "encoding charset locale distribution distro branch workflow setting settings value values key keys "
    "capability capabilities admission signer extension benchmark term acronym suffix prefix resource resources "
    "verb verbs subresource subresources api endpoint column metric metrics event reason error warning message "
    "exception status condition conditions profile profiles claim claims code codes state states path paths property "
    "properties prefixes strings words term terms types type attribute attributes directive directives probe probes"
)
THINGS = frozenset(_THINGS_TEXT.split())
"""What is no object: a word beside one of these names one of them."""
_KINDS_TEXT = (
    "pod pods po deployment deployments deploy statefulset statefulsets sts daemonset daemonsets ds "
    "replicaset replicasets rs job jobs cronjob cronjobs cj namespace namespaces ns serviceaccount "
    "serviceaccounts sa role roles clusterrole clusterroles rolebinding rolebindings "
    "clusterrolebinding clusterrolebindings networkpolicy networkpolicies netpol service services svc "
    "ingress ingresses secret secrets configmap configmaps cm node nodes persistentvolumeclaim persistentvolumeclaims "
    "pvc pvcs persistentvolume persistentvolumes pv poddisruptionbudget pdb horizontalpodautoscaler hpa storageclass "
    "ingressclass priorityclass limitrange resourcequota"
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
    "isn't aren't doesn't don't hasn't wasn't can't pulls passes sets holds gets can may starts crashes reaches talks binds grants reads "
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

AND = frozenset({"and", "or", "und", "oder", "&", "plus"})
_OPENING_TEXT = (
    "and but because while since that whereas if when weil dass so then also here there now however still "
    "additionally finally only besides"
)
OPENING = frozenset(_OPENING_TEXT.split())
"""A clause begins behind one of these."""
_DETERMINED_TEXT = "the a an our your its their this that each every das die der"
DETERMINED = frozenset(_DETERMINED_TEXT.split())
DESCRIBING = (
    "ed",
    "ing",
    "al",
    "ous",
    "ive",
    "able",
    "ible",
    "less",
    "ful",
    "ary",
    "ic",
    "ent",
    "ant",
)
"""Endings of what describes a kind: `the misconfigured pods`."""
_NAMED_KINDS_TEXT = (
    "deployment deployments namespace namespaces pod pods statefulset daemonset cronjob job jobs service services "
    "workload workloads"
)
NAMED_KINDS = frozenset(_NAMED_KINDS_TEXT.split())
"""A name may stand before one of these: `the billing namespace`."""
SERVED = NAMED_KINDS - {"namespace", "namespaces", "job", "jobs"} | {"app"}
"""Of these also a word that services are called."""
_PACKAGED_TEXT = "configmap configmaps secret secrets container containers policy policies"
PACKAGED = frozenset(_PACKAGED_TEXT.split())
"""Kinds of what comes with software of others."""
LEADING = frozenset({"are", "include", "including", "involved", "affected"})
"""Between kinds and a list of their names."""
BY_MEANS = frozenset({"with", "via", "using", "run", "mit"})
"""What follows one of these is mostly a tool."""
ACTING = frozenset({"harden", "fix", "patch", "restart", "redeploy", "isolate", "migrate"})
"""What is done to a workload."""
