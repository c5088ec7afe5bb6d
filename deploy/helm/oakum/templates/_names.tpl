{{/* The settings of both processes: what the values say, and what the chart decides. */}}
{{- define "oakum.settings" -}}
{{- $own := dict
  "store" (required "store: give the address of a PostgreSQL database" .Values.store)
  "data" "/var/lib/oakum"
  "log_json" true
  "web" (dict "host" "0.0.0.0" "port" 8710) }}
{{- if .Values.policy }}
{{- $_ := set $own "policy" "/etc/oakum/policy.yaml" }}
{{- end }}
{{- range $name := keys $own }}
{{- if hasKey $.Values.config $name }}
{{- fail (printf "config.%s is set by the chart" $name) }}
{{- end }}
{{- end }}
{{- toYaml (merge $own (deepCopy .Values.config)) }}
{{- end }}

{{- define "oakum.labels" -}}
app.kubernetes.io/name: oakum
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "oakum.selector" -}}
app.kubernetes.io/name: oakum
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .process }}
{{- end }}

{{/* One process: its Deployment. */}}
{{- define "oakum.process" -}}
{{- $secret := index .root.Values.secrets .process }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: oakum-{{ .process }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "oakum.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .process }}
spec:
  replicas: 1
  selector:
    matchLabels:
      {{- include "oakum.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "oakum.selector" . | nindent 8 }}
      annotations:
        oakum.dev/settings: {{ include "oakum.settings" .root | sha256sum }}
    spec:
      serviceAccountName: oakum-{{ .account }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 40
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: {{ .process }}
          image: {{ required "image: name it by digest" .root.Values.image }}
          args: [{{ .process }}]
          env:
            - {name: OAKUM_CONFIG, value: /etc/oakum/oakum.yaml}
            - {name: HOME, value: /var/lib/oakum}
            {{- if and (eq .process "serve") .root.Values.serveStore }}
            - {name: OAKUM_STORE, value: {{ .root.Values.serveStore | quote }}}
            {{- end }}
            {{- range $secret.keys }}
            - {name: {{ . }}_FILE, value: /run/secrets/oakum/{{ . }}}
            {{- end }}
          ports:
            - {name: web, containerPort: 8710, protocol: TCP}
          startupProbe:
            httpGet: {path: /healthz, port: web}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: web}
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: {path: /readyz, port: web}
            periodSeconds: 5
            timeoutSeconds: 5
          resources: {{- index .root.Values.resources .process | toYaml | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: config, mountPath: /etc/oakum, readOnly: true}
            - {name: secrets, mountPath: /run/secrets/oakum, readOnly: true}
            - {name: token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
            - {name: data, mountPath: /var/lib/oakum}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: config
          configMap: {name: oakum}
        - name: secrets
          secret:
            secretName: {{ $secret.name }}
            defaultMode: 0440
            items:
              {{- range $secret.keys }}
              - {key: {{ . }}, path: {{ . }}}
              {{- end }}
        - name: token
          projected:
            defaultMode: 0440
            sources:
              - serviceAccountToken: {path: token, expirationSeconds: 3600}
              - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
        - name: data
          emptyDir: {sizeLimit: 1Gi}
        - name: tmp
          emptyDir: {sizeLimit: 256Mi}
{{- end }}

{{/* The documents of a manifest of deploy/rbac, which are this chart's files. */}}
{{- define "oakum.documents" -}}
{{- $found := list }}
{{- range splitList "\n---\n" (.root.Files.Get (printf "files/%s.yaml" .file)) }}
{{- $found = append $found (fromYaml .) }}
{{- end }}
{{- dict "documents" $found | toJson }}
{{- end }}
