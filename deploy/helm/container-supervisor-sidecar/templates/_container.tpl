{{/* The supervisor's container. */}}
{{- define "container-supervisor-sidecar.container" -}}
{{- $values := .values }}
{{- $isNative := include "container-supervisor-sidecar.isNative" . }}
{{- $sleep := include "container-supervisor-sidecar.preStopSleepSeconds" . | int -}}
name: {{ $values.name }}
image: {{ include "container-supervisor-sidecar.image" $values.image | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- if $isNative }}
restartPolicy: Always
{{- end }}
{{- if eq $values.mode "wrap" }}
command:
  - /opt/container-supervisor/bin/node
  - /opt/container-supervisor/dist/cli.cjs
{{- end }}
env:
  - name: SUPERVISOR_CONFIG
    value: /etc/container-supervisor/supervisor.config.json
  {{- with $values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "container-supervisor-sidecar.portsAndProbes" . }}
{{- if gt $sleep 0 }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ $sleep }}
{{- end }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  {{- if eq $values.mode "wrap" }}
  - name: {{ $values.name }}-program
    mountPath: /opt/container-supervisor
    readOnly: true
  {{- end }}
  - name: {{ $values.name }}-config
    mountPath: /etc/container-supervisor
    readOnly: true
  - name: {{ $values.name }}-tmp
    mountPath: /tmp
  {{- with $values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "container-supervisor-sidecar.portsAndProbes" -}}
{{- $metrics := .values.supervisor.metrics }}
{{- if or $metrics.enabled .values.containerPorts }}
ports:
  {{- if $metrics.enabled }}
  - name: {{ .values.metricsPortName }}
    containerPort: {{ $metrics.port }}
  {{- end }}
  {{- with .values.containerPorts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- if $metrics.enabled }}
{{- if include "container-supervisor-sidecar.isNative" . }}
{{- include "container-supervisor-sidecar.probe" (dict "of" . "name" "startupProbe" "path" "/readyz") }}
{{- end }}
{{- include "container-supervisor-sidecar.probe" (dict "of" . "name" "livenessProbe" "path" "/livez") }}
{{- include "container-supervisor-sidecar.probe" (dict "of" . "name" "readinessProbe" "path" "/readyz") }}
{{- end }}
{{- end }}

{{- define "container-supervisor-sidecar.probe" -}}
{{- with index .of.values .name }}
{{ $.name }}:
  httpGet:
    path: {{ $.path }}
    port: {{ $.of.values.metricsPortName }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Copies the program and the Node.js that it runs on, by that Node.js itself: no shell is needed. */}}
{{- define "container-supervisor-sidecar.copyContainer" -}}
name: copy-{{ .values.name }}
image: {{ include "container-supervisor-sidecar.image" .values.programImage | quote }}
imagePullPolicy: {{ .values.programImage.pullPolicy }}
command:
  - node
  - -e
  - |
    const { cpSync } = require('node:fs');
    cpSync('/opt/container-supervisor', '/shared', { recursive: true, verbatimSymlinks: true });
    cpSync(process.execPath, '/shared/bin/node');
{{- with .values.programResources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: {{ .values.name }}-program
    mountPath: /shared
{{- end }}
