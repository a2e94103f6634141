#!/usr/bin/env bash
# Runs tests, and the built program in them, on other releases of Node.js than the machine's own.
#
#   scripts/test-node-versions.sh [PATTERN...]     by default all tests that run the program
#   NODE_VERSIONS='24 26' scripts/test-node-versions.sh
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PROGRAM=(test/process test/container test/control test/faults)

scripts/test-node.sh
failed=()
for version in ${NODE_VERSIONS:-22 24 26}; do
  node="test/node/node_modules/node-$version/bin/node"
  echo "Node.js $("$node" --version)" >&2
  "$node" --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js \
    "${@:-${PROGRAM[@]}}" || failed+=("$version")
done
if ((${#failed[@]} > 0)); then
  echo "failed on Node.js ${failed[*]}" >&2
  exit 1
fi
