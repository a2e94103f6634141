{{/* What the schema of the values cannot state: rules between two values, each with what to do. */}}
{{- define "container-supervisor.validate" -}}
{{- include "container-supervisor.validateImage" . }}
{{- include "container-supervisor.validateSupervisor" . }}
{{- include "container-supervisor.validateMetrics" . }}
{{- include "container-supervisor.validateScaling" . }}
{{- if and (eq .Values.kind "StatefulSet") (not .Values.service.enabled) }}
{{- fail "service.enabled: expected true, because kind is StatefulSet, whose pods get their names from a Service" }}
{{- end }}
{{- if and (eq .Values.kind "StatefulSet") (ne .Values.service.type "ClusterIP") }}
{{- fail (printf "service.type: expected ClusterIP, because kind is StatefulSet and its Service has no address, found %s" .Values.service.type) }}
{{- end }}
{{- end }}

{{- define "container-supervisor.validateImage" -}}
{{- if not .Values.image.repository }}
{{- fail "image.repository: expected your worker's image, which has container-supervisor as its entry point" }}
{{- end }}
{{- if not (or .Values.image.tag .Values.image.digest) }}
{{- fail "image.tag: expected the tag of your worker's image, or its digest in image.digest" }}
{{- end }}
{{- end }}

{{- define "container-supervisor.validateSupervisor" -}}
{{- $stop := .Values.supervisor.stop }}
{{- if gt (float64 (default 0 $stop.gracePeriodSeconds)) (float64 $stop.timeoutSeconds) }}
{{- fail (printf "supervisor.stop.gracePeriodSeconds: expected at most supervisor.stop.timeoutSeconds, which is %v, found %v; set both" $stop.timeoutSeconds $stop.gracePeriodSeconds) }}
{{- end }}
{{- if and (kindIs "string" .Values.supervisor.command) .Values.supervisor.args }}
{{- fail "supervisor.args: expected nothing beside a supervisor.command that is a string; write the command as an array" }}
{{- end }}
{{- if and (eq .Values.reloadStrategy "live") (not (dig "reload" "watch" true .Values.supervisor)) }}
{{- fail "supervisor.reload.watch: expected true, because reloadStrategy is live, found false; leave it out, or set reloadStrategy to rollout" }}
{{- end }}
{{- end }}

{{- define "container-supervisor.validateMetrics" -}}
{{- $metrics := .Values.supervisor.metrics }}
{{- if has $metrics.host (list "127.0.0.1" "::1" "localhost") }}
{{- fail (printf "supervisor.metrics.host: expected an address that the kubelet and Prometheus reach, such as \"::\", found %q" $metrics.host) }}
{{- end }}
{{- if not $metrics.enabled }}
{{- range $key := list "scrapeAnnotations" "podMonitor" "serviceMonitor" }}
{{- if (index $.Values $key).enabled }}
{{- fail (printf "%s.enabled: expected false, because supervisor.metrics.enabled is false and there is nothing to scrape" $key) }}
{{- end }}
{{- end }}
{{- if and .Values.service.enabled (not .Values.service.ports) }}
{{- fail "service.ports: expected at least one, because supervisor.metrics.enabled is false; or set service.enabled to false" }}
{{- end }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not .Values.service.enabled) }}
{{- fail "serviceMonitor.enabled: expected false, because service.enabled is false; podMonitor needs no Service" }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled }}
{{- fail "serviceMonitor.enabled: expected false, because podMonitor.enabled is true and every pod would be scraped twice" }}
{{- end }}
{{- end }}

{{- define "container-supervisor.validateScaling" -}}
{{- $scaling := .Values.autoscaling }}
{{- if and $scaling.enabled .Values.keda.enabled }}
{{- fail "keda.enabled: expected false, because autoscaling.enabled is true; KEDA makes a HorizontalPodAutoscaler of its own" }}
{{- end }}
{{- if and $scaling.enabled (not $scaling.targetCPUUtilizationPercentage) (not $scaling.metrics) }}
{{- fail "autoscaling.metrics: expected at least one, because autoscaling.targetCPUUtilizationPercentage is 0" }}
{{- end }}
{{- if and $scaling.enabled $scaling.targetCPUUtilizationPercentage (not (dig "requests" "cpu" "" .Values.resources)) }}
{{- fail "resources.requests.cpu: expected a quantity, because autoscaling.targetCPUUtilizationPercentage is a share of it" }}
{{- end }}
{{- if and .Values.keda.enabled (not .Values.keda.triggers) }}
{{- fail "keda.triggers: expected at least one" }}
{{- end }}
{{- end }}
