{{/* The template of the pods, which a Deployment and a StatefulSet have in common. */}}
{{- define "container-supervisor.podTemplate" -}}
{{- $metrics := .Values.supervisor.metrics -}}
metadata:
  annotations:
    checksum/config: {{ include "container-supervisor.checksum" . }}
    kubectl.kubernetes.io/default-container: supervisor
    {{- if .Values.scrapeAnnotations.enabled }}
    prometheus.io/scrape: "true"
    prometheus.io/port: {{ $metrics.port | quote }}
    prometheus.io/path: {{ $metrics.path }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "container-supervisor.selectorLabels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "container-supervisor.serviceAccountName" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountServiceAccountToken }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "container-supervisor.terminationGracePeriodSeconds" . }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    {{- include "container-supervisor.container" . | nindent 4 }}
  volumes:
    - name: config
      configMap:
        name: {{ include "container-supervisor.fullname" . }}
    - name: tmp
      emptyDir:
        {{- if .Values.tmpVolume }}
        {{- toYaml .Values.tmpVolume | nindent 8 }}
        {{- else }} {}
        {{- end }}
    {{- with .Values.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "container-supervisor.container" -}}
{{- $metrics := .Values.supervisor.metrics -}}
{{- $sleep := include "container-supervisor.preStopSleepSeconds" . | int -}}
- name: supervisor
  image: {{ include "container-supervisor.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  env:
    - name: SUPERVISOR_CONFIG
      value: /etc/container-supervisor/supervisor.config.json
    {{- with .Values.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or $metrics.enabled .Values.containerPorts }}
  ports:
    {{- if $metrics.enabled }}
    - name: metrics
      containerPort: {{ $metrics.port }}
    {{- end }}
    {{- with .Values.containerPorts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- if $metrics.enabled }}
  {{- with .Values.startupProbe }}
  startupProbe:
    {{- include "container-supervisor.probe" (dict "path" "/livez" "settings" .) | nindent 4 }}
  {{- end }}
  {{- with .Values.livenessProbe }}
  livenessProbe:
    {{- include "container-supervisor.probe" (dict "path" "/livez" "settings" .) | nindent 4 }}
  {{- end }}
  {{- with .Values.readinessProbe }}
  readinessProbe:
    {{- include "container-supervisor.probe" (dict "path" "/readyz" "settings" .) | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if gt $sleep 0 }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ $sleep }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: config
      mountPath: /etc/container-supervisor
      readOnly: true
    - name: tmp
      mountPath: /tmp
    {{- with .Values.volumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
