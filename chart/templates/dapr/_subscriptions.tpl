{{- /* `components/subscriptions/`, word for word: who hears what is the same everywhere. */}}
{{- define "punctual.dapr.subscriptions" -}}
{{ .Files.Get "files/subscriptions.yaml" }}
{{- end -}}
