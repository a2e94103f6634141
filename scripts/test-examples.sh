#!/usr/bin/env bash
# Installs what the examples need of npm, for their tests. Where all is there, it looks and does nothing.
set -euo pipefail
cd "$(dirname "$0")/../examples/redis-consumer"

cmp --silent package-lock.json node_modules/.installed && exit 0
npm ci --no-audit --no-fund --loglevel=error
# last, so that what was broken off is done again
cp package-lock.json node_modules/.installed
