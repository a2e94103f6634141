#!/usr/bin/env bash
# Checks both charts and packs them, each as NAME-VERSION.tgz.
#
#   scripts/package-charts.sh DIRECTORY
#   HELM=helm scripts/package-charts.sh DIRECTORY     with another one than the tests' Helm 4
set -euo pipefail
destination=$(realpath --canonicalize-missing "${1:?where to}")
readonly destination
cd "$(dirname "$0")/.."

if [[ -z ${HELM:-} ]]; then
  scripts/test-tools.sh
  HELM=test/tools/bin/helm4
fi

readonly CHARTS=deploy/helm
for values in "$CHARTS"/container-supervisor/ci/*-values.yaml; do
  "$HELM" lint --strict --quiet --values "$values" "$CHARTS/container-supervisor"
  "$HELM" template release "$CHARTS/container-supervisor" --values "$values" > /dev/null
done
"$HELM" lint --strict --quiet --set supervisor.command=worker "$CHARTS/container-supervisor-sidecar"

for chart in "$CHARTS"/*/; do
  "$HELM" package --destination "$destination" "$chart"
done
