{{/* Rules of NetworkPolicies: what lets somebody out to each thing that the release needs. */}}
{{- define "punctual.dns" -}}
- to: {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}
{{- define "punctual.toKafka" -}}
{{- if eq .Values.kafka.mode "single" }}
- to: [{podSelector: {matchLabels: {{ include "punctual.selector" . | fromYaml | merge (dict "app.kubernetes.io/component" "kafka") | toJson }}}}]
  ports: [{port: 9092}]
{{- else if eq .Values.kafka.mode "strimzi" }}
- to: [{podSelector: {matchLabels: {strimzi.io/cluster: {{ include "punctual.kafka.cluster" . }}}}}]
  ports: [{port: 9093}]
{{- else }}
- to: {{- toYaml .Values.kafka.peers | nindent 4 }}
  ports: {{- range .Values.kafka.ports }}
    - {port: {{ . }}}
    {{- end }}
{{- end }}
{{- end -}}
{{- define "punctual.toStore" -}}
{{- if eq .Values.store.kind "redis" }}
- to: {{- toYaml .Values.store.redisPeers | nindent 4 }}
  ports: [{port: {{ .Values.store.redisHost | splitList ":" | last | int }}}]
{{- else if eq .Values.postgresql.mode "single" }}
- to: [{podSelector: {matchLabels: {{ include "punctual.selector" . | fromYaml | merge (dict "app.kubernetes.io/component" "postgresql") | toJson }}}}]
  ports: [{port: 5432}]
{{- else if eq .Values.postgresql.mode "cloudnative-pg" }}
- to: [{podSelector: {matchLabels: {cnpg.io/cluster: {{ include "punctual.postgresql.name" . }}}}}]
  ports: [{port: 5432}]
{{- else }}
- to: {{- toYaml .Values.postgresql.peers | nindent 4 }}
  ports: [{port: {{ .Values.postgresql.port }}}]
{{- end }}
{{- end -}}
{{- define "punctual.toMail" -}}
{{- if .Values.mail.from }}
- to: {{- .Values.mail.peers | default (list (include "punctual.public" . | fromYaml)) | toYaml | nindent 4 }}
  ports: [{port: {{ .Values.mail.port }}}]
{{- end }}
{{- end -}}
{{/* The public internet, as a peer. */}}
{{- define "punctual.public" -}}
ipBlock: {cidr: 0.0.0.0/0, except: {{ toJson .Values.networkPolicy.notPublic }}}
{{- end -}}
