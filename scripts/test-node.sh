#!/usr/bin/env bash
# Installs the releases of Node.js on which the tests run the program beside the machine's own. Where all is there, it
# looks and does nothing.
set -euo pipefail
cd "$(dirname "$0")/../test/node"

cmp --silent package-lock.json node_modules/installed.json && exit 0
npm ci --no-audit --no-fund --loglevel=error
# last, so that what was broken off is done again
cp package-lock.json node_modules/installed.json
