{{/* The name of the chart, for labels. */}}
{{- define "container-supervisor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of the release's objects. 52 characters are left of 63, so that what a StatefulSet and a Deployment
append to it is still a label.
*/}}
{{- define "container-supervisor.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $both .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "container-supervisor.selectorLabels" -}}
app.kubernetes.io/name: {{ include "container-supervisor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "container-supervisor.labels" -}}
{{ include "container-supervisor.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Of the pod that `helm test` starts; no Service and no controller may take it for one of theirs. */}}
{{- define "container-supervisor.testLabels" -}}
app.kubernetes.io/name: {{ include "container-supervisor.name" . | trunc 58 | trimSuffix "-" }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "container-supervisor.serviceAccountName" -}}
{{- default (ternary (include "container-supervisor.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "container-supervisor.image" -}}
{{- $version := ternary (printf "@%s" .Values.image.digest) (printf ":%s" .Values.image.tag) (ne .Values.image.digest "") }}
{{- printf "%s%s" .Values.image.repository $version }}
{{- end }}

{{/* supervisor.config.json. Helm escapes &, < and > for HTML; people write `&&` into commands, and read it. */}}
{{- define "container-supervisor.config" -}}
{{- $watched := mergeOverwrite (deepCopy .Values.supervisor) (dict "reload" (dict "watch" true)) }}
{{- $json := eq .Values.reloadStrategy "live" | ternary $watched .Values.supervisor | toPrettyJson }}
{{- range $escaped, $character := dict "0026" "&" "003c" "<" "003e" ">" }}
{{- $pattern := printf `((?:^|[^\\])(?:\\\\)*)\\u%s` $escaped }}
{{- /* twice, because neighbours share the character between them */}}
{{- range until 2 }}
{{- $json = regexReplaceAll $pattern $json (printf "${1}%s" $character) }}
{{- end }}
{{- end }}
{{- $json }}
{{- end }}

{{/*
The checksum on the pods, of that whose change replaces them. Only what a running supervisor applies by itself is
left out, so that a key which is not known here replaces the pods.
*/}}
{{- define "container-supervisor.checksum" -}}
{{- $config := include "container-supervisor.config" . }}
{{- if eq .Values.reloadStrategy "live" }}
{{- $workers := list "workers" "command" "args" "env" "portBase" "workingDir" }}
{{- $rules := list "reloadDelay" "restart" "stop" "minReadySeconds" "minReady" "rollout" "signals" }}
{{- $health := list "startupProbe" "readinessProbe" "livenessProbe" "recycle" }}
{{- $kept := fromJson $config }}
{{- range $key := concat $workers $rules $health }}
{{- $_ := unset $kept $key }}
{{- end }}
{{- $config = toJson $kept }}
{{- end }}
{{- sha256sum $config }}
{{- end }}

{{/* The seconds that a pod sleeps before it is told to stop; 0 where it does not. */}}
{{- define "container-supervisor.preStopSleepSeconds" -}}
{{- $sleep := .Values.preStopSleep }}
{{- $has := semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}
{{- $wanted := ternary $has $sleep.enabled (eq (toString $sleep.enabled) "auto") }}
{{- ternary $sleep.seconds 0 (and .Values.service.enabled $wanted) }}
{{- end }}

{{/*
What the kubelet gives the pod: its sleep, the supervisor's whole stop, and slack for what is around it. Never 0,
which would kill at once.
*/}}
{{- define "container-supervisor.terminationGracePeriodSeconds" -}}
{{- $sleep := include "container-supervisor.preStopSleepSeconds" . | int }}
{{- addf $sleep .Values.supervisor.stop.timeoutSeconds .Values.terminationGracePeriodSlackSeconds | ceil | int | max 1 }}
{{- end }}

{{/* Whether something else than `replicaCount` says how many pods there are. */}}
{{- define "container-supervisor.isScaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled }}true{{ end }}
{{- end }}

{{/* A probe of the kubelet's. Called with the path that it asks and its numbers. */}}
{{- define "container-supervisor.probe" -}}
httpGet:
  path: {{ .path }}
  port: metrics
{{ toYaml .settings }}
{{- end }}

{{/* What every monitor says of an endpoint. Called with the root and the monitor's values. */}}
{{- define "container-supervisor.endpoint" -}}
- port: metrics
  path: {{ .root.Values.supervisor.metrics.path }}
{{- with .monitor.interval }}
  interval: {{ . }}
{{- end }}
{{- with .monitor.scrapeTimeout }}
  scrapeTimeout: {{ . }}
{{- end }}
{{- with .monitor.relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- with .monitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
