"""The files that make a cluster: for kubeadm, containerd, the network plugin and the audit log."""

import json
from pathlib import Path
from textwrap import dedent

from tests.lab import network, versions

NODE_NAME = "oakum-lab"

AUDIT_POLICY = dedent("""\
    apiVersion: audit.k8s.io/v1
    kind: Policy
    omitStages: [RequestReceived]
    rules:
      - level: Metadata
    """)
"""Who asked for what and what the answer was, for every request; no bodies."""


def init(folder: Path) -> str:
    """Write kubeadm's configuration: one node without taints, an audit log, kubeadm's own defaults."""
    return dedent(f"""\
        apiVersion: kubeadm.k8s.io/v1beta4
        kind: InitConfiguration
        localAPIEndpoint: {{advertiseAddress: {network.NODE}}}
        nodeRegistration:
          criSocket: unix:///run/containerd/containerd.sock
          name: {NODE_NAME}
          imagePullPolicy: IfNotPresent
          taints: []
        ---
        apiVersion: kubeadm.k8s.io/v1beta4
        kind: ClusterConfiguration
        kubernetesVersion: v{versions.KUBERNETES}
        networking: {{podSubnet: {network.PODS}}}
        apiServer:
          certSANs: [127.0.0.1, {network.NODE}]
          extraArgs:
            - {{name: audit-policy-file, value: {folder}/audit/policy.yaml}}
            - {{name: audit-log-path, value: {folder}/audit/audit.log}}
          extraVolumes:
            - {{name: audit, hostPath: {folder}/audit, mountPath: {folder}/audit, pathType: Directory}}
        ---
        apiVersion: kubelet.config.k8s.io/v1beta1
        kind: KubeletConfiguration
        cgroupDriver: cgroupfs
        failSwapOn: false
        localStorageCapacityIsolation: false
        resolvConf: {folder}/resolv.conf
        ---
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        conntrack: {{maxPerCore: 0, min: 0}}
        """)


def containerd() -> str:
    """Write containerd's configuration."""
    return dedent(f"""\
        version = 2
        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "registry.k8s.io/pause:{versions.PAUSE}"
          restrict_oom_score_adj = true
          # A loaded profile would outlive the lab in the kernel.
          disable_apparmor = true
        """)


def pod_network() -> str:
    """Write the network plugin's configuration: a bridge on the one node."""
    ranges = [[{"subnet": network.NODE_PODS}]]
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]},
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "0.4.0", "name": "lab", "plugins": [bridge, ports]})
