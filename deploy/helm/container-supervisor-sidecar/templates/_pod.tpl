{{/*
What another chart includes. Each is called with that chart's context and the values of one use:
  (dict "root" $ "values" .Values.NAME)
where NAME is the dependency's alias.
*/}}

{{/* The ConfigMap, a whole object. */}}
{{- define "container-supervisor-sidecar.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "container-supervisor-sidecar.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "container-supervisor-sidecar.labels" . | nindent 4 }}
data:
  supervisor.config.json: |
    {{- include "container-supervisor-sidecar.config" . | nindent 4 }}
{{- end }}

{{/* For the pod's metadata.annotations: pods are replaced when the configuration changes. */}}
{{- define "container-supervisor-sidecar.podAnnotations" -}}
checksum/{{ .values.name }}: {{ include "container-supervisor-sidecar.config" . | sha256sum }}
{{- end }}

{{/* For the pod's spec. */}}
{{- define "container-supervisor-sidecar.podSpec" -}}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "container-supervisor-sidecar.terminationGracePeriodSeconds" . }}
{{- if .values.shareProcessNamespace }}
shareProcessNamespace: true
{{- end }}
{{- end }}

{{/* Items of the pod's spec.initContainers; empty for a plain sidecar. */}}
{{- define "container-supervisor-sidecar.initContainers" -}}
{{- include "container-supervisor-sidecar.validate" . }}
{{- if eq .values.mode "wrap" -}}
- {{ include "container-supervisor-sidecar.copyContainer" . | indent 2 | trim }}
{{- else if include "container-supervisor-sidecar.isNative" . -}}
- {{ include "container-supervisor-sidecar.container" . | indent 2 | trim }}
{{- end }}
{{- end }}

{{/* Items of the pod's spec.containers; empty for a native sidecar. */}}
{{- define "container-supervisor-sidecar.containers" -}}
{{- include "container-supervisor-sidecar.validate" . }}
{{- if not (include "container-supervisor-sidecar.isNative" .) -}}
- {{ include "container-supervisor-sidecar.container" . | indent 2 | trim }}
{{- end }}
{{- end }}

{{/* Items of the pod's spec.volumes. */}}
{{- define "container-supervisor-sidecar.volumes" -}}
- name: {{ .values.name }}-config
  configMap:
    name: {{ include "container-supervisor-sidecar.fullname" . }}
- name: {{ .values.name }}-tmp
  emptyDir: {}
{{- if eq .values.mode "wrap" }}
- name: {{ .values.name }}-program
  emptyDir:
    sizeLimit: 256Mi
{{- end }}
{{- with .values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
