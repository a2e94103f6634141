#!/usr/bin/env bash
# Installs the peers that npm has, for the benchmarks and for the tests of docs/migration.md. Where all is there, it
# looks and does nothing.
set -euo pipefail
cd "$(dirname "$0")"

cmp --silent package-lock.json node_modules/.installed && exit 0
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/.installed
