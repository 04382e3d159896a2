{{/* The prefix of all names. */}}
{{- define "punctual.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What pods are chosen by. */}}
{{- define "punctual.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Those that no new version of the chart changes. What an operator makes of a resource has its labels too: with others its pods start anew. */}}
{{- define "punctual.lastingLabels" -}}
{{ include "punctual.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: punctual
{{- end -}}

{{- define "punctual.labels" -}}
{{ include "punctual.lastingLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "punctual.image" -}}
{{- with .Values.image -}}
{{- with .digest | default (ternary "" .released (ne .tag "")) -}}
{{ $.Values.image.repository }}@{{ . }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The five, in the order of the documentation. App-ids are their names. */}}
{{- define "punctual.roles" -}}
{{- list "api" "recurring" "notification" "audit" "sync" | toJson -}}
{{- end -}}

{{/* The values of one role: (list context role). */}}
{{- define "punctual.role" -}}
{{- $context := index . 0 -}}
{{- $role := index . 1 -}}
{{- mergeOverwrite (deepCopy $context.Values.defaults) (get $context.Values.roles $role | default dict) | toYaml -}}
{{- end -}}

{{/* Whether KEDA scales a role: (list context role). */}}
{{- define "punctual.byKeda" -}}
{{- $context := index . 0 -}}
{{- if and $context.Values.keda.enabled (has (index . 1) (list "recurring" "notification" "audit")) -}}true{{- end -}}
{{- end -}}

{{/* What clients ask api for: all else that it answers (`/metrics`, `/healthz`) is for the cluster, and no Ingress or HTTPRoute leads there. Some releases of
     ingress-nginx refuse a whole Ingress that has a dot in a path of type Exact or Prefix. */}}
{{- define "punctual.publicPaths" -}}
exact: [/, /openapi.json, /readyz]
prefix: [/v1, /docs]
{{- end -}}

{{/* How many pods a role is given: (list context role). Nothing where an autoscaler says it, unless the release before gave a number: Helm would take
     that back, which is one pod until the autoscaler has looked. Then it is the number that there is, from there on. */}}
{{- define "punctual.replicas" -}}
{{- $context := index . 0 -}}
{{- $own := include "punctual.role" . | fromYaml -}}
{{- if not (or $own.autoscaling.enabled (include "punctual.byKeda" .)) -}}
{{- int64 $own.replicas -}}
{{- else -}}
{{- $name := printf "%s-%s" (include "punctual.fullname" $context) (index . 1) -}}
{{- $live := lookup "apps/v1" "Deployment" $context.Release.Namespace $name -}}
{{- if eq (dig "metadata" "annotations" "punctual.dev/replicas" "" $live) "given" -}}
{{- int64 $live.spec.replicas -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How many pods of a role there are at most, but for those of a rolling update: (list context role). */}}
{{- define "punctual.most" -}}
{{- $own := include "punctual.role" . | fromYaml -}}
{{- if or $own.autoscaling.enabled (include "punctual.byKeda" .) -}}
{{- max (int $own.replicas) (int $own.autoscaling.maxReplicas) -}}
{{- else -}}
{{- int $own.replicas -}}
{{- end -}}
{{- end -}}

{{/* What a PostgreSQL of the release's own has to take: all sidecars there may be at once, twenty for the operator, copies and people, and the rest
     of the hundred: another number means that its servers start anew. A rolling update makes all pods anew and does not wait until the old ones have
     ended, which keep their connections while they drain: so each pod counts twice. */}}
{{- define "punctual.postgresql.connections" -}}
{{- $pods := 0 -}}
{{- range $role := include "punctual.roles" . | fromJsonArray -}}
{{- $pods = add $pods (include "punctual.most" (list $ $role) | int) -}}
{{- end -}}
{{- mul 100 (div (add 119 (mul 2 $pods (int .Values.store.maxConnections))) 100) -}}
{{- end -}}

{{- define "punctual.kafka.cluster" -}}
{{ include "punctual.fullname" . }}-events
{{- end -}}

{{- define "punctual.kafka.brokers" -}}
{{- if eq .Values.kafka.mode "single" -}}
{{ include "punctual.fullname" . }}-kafka.{{ .Release.Namespace }}.svc:9092
{{- else if eq .Values.kafka.mode "strimzi" -}}
{{ include "punctual.kafka.cluster" . }}-kafka-bootstrap.{{ .Release.Namespace }}.svc:9093
{{- else -}}
{{ required "kafka.brokers: say where Kafka is, or let the chart bring one (kafka.mode)" .Values.kafka.brokers }}
{{- end -}}
{{- end -}}

{{/* Whether there is a Kafka that can be asked before anything is made: yours, or one that this release has brought already. */}}
{{- define "punctual.kafka.isThere" -}}
{{- if eq .Values.kafka.mode "external" -}}true
{{- else if eq .Values.kafka.mode "single" -}}
{{- include "punctual.isThere" (list . "apps/v1" "StatefulSet" (printf "%s-kafka" (include "punctual.fullname" .))) -}}
{{- else -}}
{{- include "punctual.isThere" (list . "kafka.strimzi.io/v1" "Kafka" (include "punctual.kafka.cluster" .)) -}}
{{- end -}}
{{- end -}}

{{- define "punctual.postgresql.name" -}}
{{ include "punctual.fullname" . }}-postgresql
{{- end -}}

{{/* Where the connection string of PostgreSQL is, as `name` and `key`. */}}
{{- define "punctual.postgresql.secret" -}}
{{- if eq .Values.postgresql.mode "cloudnative-pg" -}}
name: {{ include "punctual.postgresql.name" . }}-app
key: uri
{{- else if eq .Values.postgresql.mode "single" -}}
name: {{ include "punctual.postgresql.name" . }}
key: postgresconnection
{{- else -}}
name: {{ .Values.postgresql.connection.name }}
key: {{ .Values.postgresql.connection.key }}
{{- end -}}
{{- end -}}

{{/* Host and port of PostgreSQL where the chart knows them. */}}
{{- define "punctual.postgresql.address" -}}
{{- if eq .Values.store.kind "postgresql" -}}
{{- if eq .Values.postgresql.mode "single" -}}
{{ include "punctual.postgresql.name" . }}.{{ .Release.Namespace }}.svc:5432
{{- else if eq .Values.postgresql.mode "cloudnative-pg" -}}
{{ include "punctual.postgresql.name" . }}-rw.{{ .Release.Namespace }}.svc:5432
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether there is a PostgreSQL that can be asked before anything is made. */}}
{{- define "punctual.postgresql.isThere" -}}
{{- if ne .Values.store.kind "postgresql" -}}
{{- else if eq .Values.postgresql.mode "external" -}}true
{{- else if eq .Values.postgresql.mode "single" -}}
{{- include "punctual.isThere" (list . "apps/v1" "StatefulSet" (include "punctual.postgresql.name" .)) -}}
{{- else -}}
{{- include "punctual.isThere" (list . "postgresql.cnpg.io/v1" "Cluster" (include "punctual.postgresql.name" .)) -}}
{{- end -}}
{{- end -}}

{{/* Whether the cluster has such a resource in the release's namespace: (list context apiVersion kind name). Rendered without a cluster, it has none. */}}
{{- define "punctual.isThere" -}}
{{- $context := index . 0 -}}
{{- if $context.Capabilities.APIVersions.Has (index . 1) -}}
{{- if lookup (index . 1) (index . 2) $context.Release.Namespace (index . 3) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* A script as an argument: (list context file). Kubernetes reads `$(…)` and `$$` in arguments before a shell does. */}}
{{- define "punctual.script" -}}
{{- (index . 0).Files.Get (index . 1) | replace "$" "$$" -}}
{{- end -}}

{{/* Where pods run that are none of the five, by what `defaults` says: the check, the test, and the broker and database that the chart brings. */}}
{{- define "punctual.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.defaults.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.defaults.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.defaults.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* How pods are spread: (list context labels), by which labels they are one of a kind. */}}
{{- define "punctual.spread" -}}
{{- $context := index . 0 -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: {{ $context.Values.spread.whenUnsatisfiable }}
  # Of nodes whose taints its pods do not bear none is counted: one without a pod would make the others wait.
  nodeTaintsPolicy: Honor
  labelSelector: {matchLabels: {{ toJson (index $ 1) }}}
{{- end }}
{{- end -}}

{{- define "punctual.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "punctual.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What one role's sidecar may hand out, by the variables of `secretstores.local.env`: (list context role). */}}
{{- define "punctual.sidecarSecrets" -}}
{{- $values := (index . 0).Values -}}
{{- if has (index . 1) (list "api" "sync") -}}
PUNCTUAL_SECRET_signingkey={{ $values.secrets.signingKey.name }}:{{ $values.secrets.signingKey.key }}
{{- end -}}
{{- end -}}
