{{- /* The policies of `components/resiliency.yaml`, which says why each is as it is. */}}
{{- define "punctual.dapr.resiliency" -}}
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: {{ include "punctual.fullname" . }}
  labels: {{- include "punctual.labels" . | nindent 4 }}
{{ .Files.Get "files/resiliency.yaml" }}
{{- end -}}
