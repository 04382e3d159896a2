{{- /* The components of `components/`, which says why each setting is as it is. `secretKeyRef` is resolved by Dapr's operator, for the
       sidecars in `scopes` alone. */}}
{{- define "punctual.kafka.connection" -}}
- {name: brokers, value: {{ include "punctual.kafka.brokers" . | quote }}}
{{- if eq .Values.kafka.mode "strimzi" }}
- {name: authType, value: mtls}
- {name: caCert, secretKeyRef: {name: {{ include "punctual.kafka.cluster" . }}-cluster-ca-cert, key: ca.crt}}
- {name: clientCert, secretKeyRef: {name: {{ include "punctual.fullname" . }}, key: user.crt}}
- {name: clientKey, secretKeyRef: {name: {{ include "punctual.fullname" . }}, key: user.key}}
{{- else if and (eq .Values.kafka.mode "external") (eq .Values.kafka.auth "password") }}
- {name: authType, value: password}
- {name: saslMechanism, value: {{ .Values.kafka.saslMechanism }}}
- {name: saslUsername, secretKeyRef: {name: {{ .Values.kafka.user.name }}, key: {{ .Values.kafka.user.userKey }}}}
- {name: saslPassword, secretKeyRef: {name: {{ .Values.kafka.user.name }}, key: {{ .Values.kafka.user.passwordKey }}}}
{{- with .Values.kafka.ca.name }}
- {name: caCert, secretKeyRef: {name: {{ . }}, key: {{ $.Values.kafka.ca.key }}}}
{{- end }}
{{- if .Values.kafka.disableTls }}
- {name: disableTls, value: "true"}
{{- end }}
{{- else }}
- {name: authType, value: none}
{{- end }}
{{- end -}}
{{- define "punctual.kafka.settings" -}}
- {name: producerRequiredAcks, value: all}
- {name: producerRetryMax, value: "3"}
- {name: maxMessageBytes, value: "1000000"}
- {name: sessionTimeout, value: 6s}
- {name: heartbeatInterval, value: 2s}
- {name: clientConnectionTopicMetadataRefreshInterval, value: 1m}
- {name: consumeRetryEnabled, value: "true"}
- {name: consumeRetryInterval, value: 500ms}
{{- end -}}
{{- define "punctual.dapr.components" -}}
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: secrets
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  # A service's secrets are variables of its own sidecar, and of no other: who should not use one does not have it.
  type: secretstores.local.env
  version: v1
  metadata:
    - {name: prefix, value: PUNCTUAL_SECRET_}
scopes: [api, sync]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  {{- if eq .Values.store.kind "redis" }}
  type: state.redis
  version: v1
  metadata:
    - {name: redisHost, value: {{ .Values.store.redisHost | quote }}}
    - {name: redisPassword, secretKeyRef: {name: {{ .Values.store.redisPassword.name }}, key: {{ .Values.store.redisPassword.key }}}}
    - {name: redisMaxRetries, value: "-1"}
    - {name: dialTimeout, value: 5s}
    - {name: readTimeout, value: 5s}
    - {name: writeTimeout, value: 5s}
  {{- else }}
  {{- $secret := include "punctual.postgresql.secret" . | fromYaml }}
  type: state.postgresql
  version: v2
  metadata:
    - {name: connectionString, secretKeyRef: {name: {{ $secret.name }}, key: {{ $secret.key }}}}
    - {name: tablePrefix, value: punctual_}
    - {name: maxConns, value: {{ .Values.store.maxConnections | int64 | quote }}}
    - {name: timeout, value: 10s}
  {{- end }}
    - {name: actorStateStore, value: "true"}
    - {name: keyPrefix, value: punctual}
auth: {secretStore: kubernetes}
scopes: [api, recurring, notification, audit, sync]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: events
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  type: pubsub.kafka
  version: v1
  metadata:
    {{- include "punctual.kafka.connection" . | nindent 4 }}
    - {name: consumerGroup, value: "punctual-{appID}"}
    - {name: initialOffset, value: oldest}
    {{- include "punctual.kafka.settings" . | nindent 4 }}
    - {name: allowedTopics, value: "task-events,reminders,task-updates,recurring-dead-letters,notification-dead-letters,audit-dead-letters,sync-dead-letters"}
    - {name: publishingScopes, value: "api=task-events,reminders,task-updates;recurring=task-events,recurring-dead-letters;notification=reminders,notification-dead-letters;audit=task-events,audit-dead-letters;sync="}
    - {name: subscriptionScopes, value: "api=;recurring=task-events,recurring-dead-letters;notification=reminders,notification-dead-letters;audit=task-events,audit-dead-letters;sync=sync-dead-letters"}
auth: {secretStore: kubernetes}
scopes: [api, recurring, notification, audit, sync]
---
# Every replica of sync is a group of its own and gets every event.
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: events-per-replica
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  type: pubsub.kafka
  version: v1
  metadata:
    {{- include "punctual.kafka.connection" . | nindent 4 }}
    - {name: consumerGroup, value: "punctual-sync-{podName}"}
    - {name: initialOffset, value: newest}
    {{- include "punctual.kafka.settings" . | nindent 4 }}
    - {name: allowedTopics, value: "reminders,task-updates,sync-dead-letters"}
    - {name: publishingScopes, value: "sync=reminders,task-updates,sync-dead-letters"}
    - {name: subscriptionScopes, value: "sync=reminders,task-updates"}
auth: {secretStore: kubernetes}
scopes: [sync]
{{- if .Values.mail.from }}
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: mail
  labels: {{- include "punctual.labels" . | nindent 4 }}
spec:
  type: bindings.smtp
  version: v1
  metadata:
    - {name: host, value: {{ .Values.mail.host | quote }}}
    - {name: port, value: {{ .Values.mail.port | quote }}}
    {{- with .Values.mail.user }}
    {{- if .name }}
    - {name: user, secretKeyRef: {name: {{ .name }}, key: {{ .userKey }}}}
    - {name: password, secretKeyRef: {name: {{ .name }}, key: {{ .passwordKey }}}}
    {{- else }}
    - {name: user, value: ""}
    - {name: password, value: ""}
    {{- end }}
    {{- end }}
    - {name: direction, value: output}
auth: {secretStore: kubernetes}
scopes: [notification]
{{- end }}
{{- end -}}
