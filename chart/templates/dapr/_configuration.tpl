{{- define "punctual.dapr.configuration" -}}
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: {{ include "punctual.fullname" . }}
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  tracing:
    samplingRate: {{ .Values.dapr.samplingRate | quote }}
    {{- with .Values.telemetry.otlpEndpoint }}
    otel: {endpointAddress: {{ . | trimPrefix "http://" | trimPrefix "https://" | quote }}, isSecure: {{ hasPrefix "https://" . }}, protocol: http}
    {{- end }}
  metrics:
    enabled: true
    http: {increasedCardinality: false}
  secrets:
    scopes:
      - {storeName: secrets, defaultAccess: deny, allowedSecrets: [signingkey]}
      - {storeName: kubernetes, defaultAccess: deny}
  # Only the five may invoke each other. This does not cover actors: those authorise each command, and NetworkPolicies keep strangers away.
  accessControl:
    defaultAction: deny
    trustDomain: {{ .Values.dapr.trustDomain }}
    policies:
      {{- range include "punctual.roles" . | fromJsonArray }}
      - {appId: {{ . }}, defaultAction: allow, trustDomain: {{ $.Values.dapr.trustDomain }}, namespace: {{ $.Release.Namespace }}}
      {{- end }}
  features:
    - {name: HotReload, enabled: false}
{{- end -}}
