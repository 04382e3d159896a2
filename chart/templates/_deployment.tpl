{{- /* One of the five: (list context role resources), the resources of Dapr that its sidecar reads when it starts. */}}
{{- define "punctual.deployment" -}}
{{- $context := index . 0 }}
{{- $role := index . 1 }}
{{- $dapr := index . 2 }}
{{- $own := include "punctual.role" (list $context $role) | fromYaml }}
{{- with $context }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "punctual.fullname" . }}-{{ $role }}
  labels:
    {{- include "punctual.labels" . | nindent 4 }}
    app.kubernetes.io/component: {{ $role }}
  {{- with include "punctual.replicas" (list . $role) }}
  annotations: {punctual.dev/replicas: given}
spec:
  replicas: {{ . }}
  {{- else }}
spec:
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: 2
  # A new pod is ready before an old one goes: none is missed.
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector:
    matchLabels:
      {{- include "punctual.selector" . | nindent 6 }}
      app.kubernetes.io/component: {{ $role }}
  template:
    metadata:
      labels:
        {{- include "punctual.labels" . | nindent 8 }}
        app.kubernetes.io/component: {{ $role }}
        punctual.dev/beside-sidecar: "true"
        {{- with $own.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # Sidecars read their resources when they start: new ones mean new pods.
        checksum/dapr: {{ $dapr | sha256sum }}
        dapr.io/enabled: "true"
        dapr.io/app-id: {{ $role }}
        dapr.io/app-port: "8081"
        dapr.io/app-protocol: http
        dapr.io/config: {{ include "punctual.fullname" . }}
        # By its health checks a sidecar learns that its service ends.
        dapr.io/enable-app-health-check: "true"
        dapr.io/app-health-check-path: /healthz
        dapr.io/app-health-probe-interval: "1"
        dapr.io/app-health-threshold: "2"
        # It outlasts its service: until that says that it needs it no more, which is some time after the last request.
        dapr.io/block-shutdown-duration: {{ add 25 .Values.settings.drainSeconds }}s
        dapr.io/graceful-shutdown-seconds: "10"
        dapr.io/api-token-secret: {{ .Values.secrets.daprApiToken }}
        dapr.io/app-token-secret: {{ .Values.secrets.appApiToken }}
        # The operator resolves what components need; nobody here may read a Secret.
        dapr.io/disable-builtin-k8s-secret-store: "true"
        {{- with include "punctual.sidecarSecrets" (list . $role) }}
        dapr.io/env-from-secret: {{ . | quote }}
        {{- end }}
        dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
        dapr.io/log-level: {{ .Values.dapr.logLevel }}
        dapr.io/log-as-json: "true"
        dapr.io/metrics-port: "9090"
        dapr.io/sidecar-cpu-request: {{ $own.sidecar.cpuRequest | quote }}
        {{- with $own.sidecar.cpuLimit }}
        dapr.io/sidecar-cpu-limit: {{ . | quote }}
        {{- end }}
        dapr.io/sidecar-memory-request: {{ $own.sidecar.memoryRequest | quote }}
        dapr.io/sidecar-memory-limit: {{ $own.sidecar.memoryLimit | quote }}
        {{- with .Values.dapr.sidecarImage }}
        dapr.io/sidecar-image: {{ . | quote }}
        {{- end }}
        {{- with .Values.dapr.annotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        {{- with $own.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "punctual.fullname" . }}-{{ $role }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ add 55 .Values.settings.drainSeconds }}
      {{- with .Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext: {{- include "punctual.podSecurity" . | nindent 8 }}
      topologySpreadConstraints:
        {{- $selector := include "punctual.selector" . | fromYaml | merge (dict "app.kubernetes.io/component" $role) }}
        {{- range include "punctual.spread" (list . $selector) | fromYamlArray }}
        - {{ merge (dict "matchLabelKeys" (list "pod-template-hash")) . | toJson }}
        {{- end }}
      {{- with $own.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $own.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- $waitsFor := compact (list (include "punctual.postgresql.address" .) (ternary (include "punctual.kafka.brokers" .) "" .Values.kafka.wait)) }}
      {{- with $waitsFor }}
      initContainers:
        # A sidecar that finds no broker ends, and waits longer each time it is started again.
        - name: wait
          image: {{ $context.Values.tools.image }}
          imagePullPolicy: {{ $context.Values.tools.pullPolicy }}
          command: [/bin/sh, -c]
          args:
            - {{ include "punctual.script" (list $context "files/wait.sh") | quote }}
            - wait
            {{- range . }}
            - {{ . | quote }}
            {{- end }}
          {{- if eq $context.Values.kafka.mode "strimzi" }}
          env:
            # It does not start before the operator has made the user, whom the sidecar needs: of what that has, this is no secret.
            - name: CERTIFICATE
              valueFrom: {secretKeyRef: {name: {{ include "punctual.fullname" $context }}, key: user.crt}}
          {{- end }}
          resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {memory: 32Mi}}
          securityContext: {{- include "punctual.containerSecurity" $context | nindent 12 }}
      {{- end }}
      containers:
        - name: punctual
          image: {{ include "punctual.image" . }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
          args:
            - serve
            - --runtime=dapr
            - --roles={{ $role }}
            - --listen=0.0.0.0:8080
            - --app-listen=127.0.0.1:8081
            - --log-format=json
            - --log={{ .Values.settings.log }}
            - --rate-limit={{ .Values.settings.rateLimit | int64 }}
            - --anonymous-rate-limit={{ .Values.settings.anonymousRateLimit | int64 }}
            - --registration={{ .Values.settings.registration }}
            - --idle-seconds={{ .Values.settings.idleSeconds | int64 }}
            - --drain-seconds={{ .Values.settings.drainSeconds | int64 }}
            - --partitions={{ .Values.settings.partitions | int64 }}
            {{- range .Values.settings.trustedProxies }}
            - --trusted-proxy={{ . }}
            {{- end }}
            {{- range .Values.settings.webhookAllow }}
            - --webhook-allow={{ . }}
            {{- end }}
            {{- with .Values.mail.from }}
            - --mail-from={{ . }}
            {{- end }}
          env:
            - name: DAPR_API_TOKEN
              valueFrom: {secretKeyRef: {name: {{ .Values.secrets.daprApiToken }}, key: token}}
            - name: APP_API_TOKEN
              valueFrom: {secretKeyRef: {name: {{ .Values.secrets.appApiToken }}, key: token}}
            {{- with .Values.telemetry.otlpEndpoint }}
            - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
            - {name: OTEL_SERVICE_NAME, value: punctual-{{ $role }}}
            {{- end }}
            {{- with $own.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          ports:
            - {name: http, containerPort: 8080}
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 1
            timeoutSeconds: 2
            failureThreshold: 2
          # It says only that the process answers, so a store that is away ends nobody.
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            initialDelaySeconds: 5
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources: {{- toYaml $own.resources | nindent 12 }}
          securityContext: {{- include "punctual.containerSecurity" . | nindent 12 }}
{{- end }}
{{- end -}}
