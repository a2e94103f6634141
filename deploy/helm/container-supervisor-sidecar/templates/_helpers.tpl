{{- define "container-supervisor-sidecar.fullname" -}}
{{- printf "%s-%s" .root.Release.Name .values.name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "container-supervisor-sidecar.labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .values.name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* Called with the values of an image. */}}
{{- define "container-supervisor-sidecar.image" -}}
{{- printf "%s%s" .repository (ternary (printf "@%s" .digest) (printf ":%s" .tag) (ne .digest "")) }}
{{- end }}

{{/* Whether the supervisor is a native sidecar: true, or empty. */}}
{{- define "container-supervisor-sidecar.isNative" -}}
{{- $has := semverCompare ">=1.29.0-0" .root.Capabilities.KubeVersion.Version }}
{{- if or (eq .values.mode "native") (and (eq .values.mode "auto") $has) }}true{{ end }}
{{- end }}

{{- define "container-supervisor-sidecar.preStopSleepSeconds" -}}
{{- $has := semverCompare ">=1.30.0-0" .root.Capabilities.KubeVersion.Version }}
{{- $isNative := include "container-supervisor-sidecar.isNative" . }}
{{- ternary .values.preStopSleepSeconds 0 (and $has (not $isNative)) }}
{{- end }}

{{/* What the kubelet gives the pod: the whole stop of the supervisor, the app's before it or beside it, slack. */}}
{{- define "container-supervisor-sidecar.terminationGracePeriodSeconds" -}}
{{- $own := addf (include "container-supervisor-sidecar.preStopSleepSeconds" .) .values.supervisor.stop.timeoutSeconds }}
{{- $app := float64 .values.appTerminationGracePeriodSeconds }}
{{- $both := $own }}
{{- if include "container-supervisor-sidecar.isNative" . }}
{{- $both = addf $app $own }}
{{- else if ne .values.mode "wrap" }}
{{- $both = maxf $app $own }}
{{- end }}
{{- addf $both .values.terminationGracePeriodSlackSeconds | ceil | int }}
{{- end }}

{{/* What the configuration has to say where the pod shares its processes, or an image has a signal of its own. */}}
{{- define "container-supervisor-sidecar.completed" -}}
{{- $config := deepCopy .values.supervisor }}
{{- if and .values.shareProcessNamespace (not (hasKey $config "subreaper")) }}
{{- $_ := set $config "subreaper" true }}
{{- end }}
{{- with .values.stopSignal }}
{{- $stop := dict "signal" . }}
{{- $signals := dict . "stop" }}
{{- range $key, $value := $config.stop }}{{ $_ := set $stop $key $value }}{{ end }}
{{- range $key, $value := $config.signals }}{{ $_ := set $signals $key $value }}{{ end }}
{{- $_ := set $config "stop" $stop }}
{{- $_ := set $config "signals" $signals }}
{{- end }}
{{- toPrettyJson $config }}
{{- end }}

{{/* supervisor.config.json. Helm escapes &, < and > for HTML; people write `&&` into commands, and read it. */}}
{{- define "container-supervisor-sidecar.config" -}}
{{- $json := include "container-supervisor-sidecar.completed" . }}
{{- range $escaped, $character := dict "0026" "&" "003c" "<" "003e" ">" }}
{{- $pattern := printf `((?:^|[^\\])(?:\\\\)*)\\u%s` $escaped }}
{{- /* twice, because neighbours share the character between them */}}
{{- range until 2 }}
{{- $json = regexReplaceAll $pattern $json (printf "${1}%s" $character) }}
{{- end }}
{{- end }}
{{- $json }}
{{- end }}

{{/* What the schema of the values cannot state: rules between two values, each with what to do. */}}
{{- define "container-supervisor-sidecar.validate" -}}
{{- include "container-supervisor-sidecar.validateImage" (dict "key" "image" "image" .values.image "is" "the container's image") }}
{{- if eq .values.mode "wrap" }}
{{- include "container-supervisor-sidecar.validateImage" (dict "key" "programImage" "image" .values.programImage "is" "the supervisor's image, because mode is wrap") }}
{{- else if .values.stopSignal }}
{{- fail (printf "stopSignal: expected nothing, because mode is %s and the image has the supervisor's own STOPSIGNAL; set mode to wrap, or supervisor.stop.signal" .values.mode) }}
{{- end }}
{{- $version := .root.Capabilities.KubeVersion.Version }}
{{- if and (eq .values.mode "native") (not (semverCompare ">=1.29.0-0" $version)) }}
{{- fail (printf "mode: expected auto or plain, because native sidecars need Kubernetes 1.29 and this is %s" $version) }}
{{- end }}
{{- end }}

{{- define "container-supervisor-sidecar.validateImage" -}}
{{- if not .image.repository }}
{{- fail (printf "%s.repository: expected %s" .key .is) }}
{{- end }}
{{- if not (or .image.tag .image.digest) }}
{{- fail (printf "%s.tag: expected the tag of the image, or its digest in %s.digest" .key .key) }}
{{- end }}
{{- end }}
