// Asks the Pod Security admission library itself what it thinks of pods.
//
// Reads one JSON pod (metadata and spec) a line, and answers each with one line: for every check in
// force at the version of Kubernetes 1 that the argument names whether it allows the pod, and what the
// library says of both levels in all.
//
// Two things that an API server does before it asks are done here too: on the host network hostPort
// is filled in, and a volume without a source becomes an emptyDir.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type pod struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     corev1.PodSpec    `json:"spec"`
}

type answer struct {
	Checks     map[policy.CheckID]bool `json:"checks"`
	Baseline   bool                    `json:"baseline"`
	Restricted bool                    `json:"restricted"`
}

func main() {
	minor, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	version := api.MajorMinorVersion(1, minor)
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked pod
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		fillIn(&asked.Spec)
		if err := out.Encode(judge(evaluator, version, &asked)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func judge(evaluator policy.Evaluator, version api.Version, asked *pod) answer {
	given := answer{
		Checks:     map[policy.CheckID]bool{},
		Baseline:   all(evaluator, version, api.LevelBaseline, asked),
		Restricted: all(evaluator, version, api.LevelRestricted, asked),
	}
	for _, check := range policy.DefaultChecks() {
		for _, versioned := range check.Versions {
			if !version.Older(versioned.MinimumVersion) {
				given.Checks[check.ID] = versioned.CheckPod(&asked.Metadata, &asked.Spec).Allowed
			}
		}
	}
	return given
}

func all(evaluator policy.Evaluator, version api.Version, level api.Level, asked *pod) bool {
	results := evaluator.EvaluatePod(
		api.LevelVersion{Level: level, Version: version}, &asked.Metadata, &asked.Spec)
	return policy.AggregateCheckResults(results).Allowed
}

func fillIn(spec *corev1.PodSpec) {
	if spec.HostNetwork {
		for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
			for i := range containers {
				for j := range containers[i].Ports {
					port := &containers[i].Ports[j]
					if port.HostPort == 0 {
						port.HostPort = port.ContainerPort
					}
				}
			}
		}
	}
	for i := range spec.Volumes {
		if spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
}
