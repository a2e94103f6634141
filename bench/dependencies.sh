#!/usr/bin/env bash
# Installs whom the benchmark compares the supervisor with, as far as this machine lacks them.
set -euo pipefail
cd "$(dirname "$0")"

../scripts/install-packages.sh 'The benchmarks' \
  supervisord:supervisor s6-svscan:s6 runsvdir:runit gunicorn:gunicorn tini:tini dumb-init:dumb-init \
  unshare:util-linux
cmp --silent peers/package-lock.json peers/node_modules/.installed && exit 0
npm ci --prefix peers --no-audit --no-fund --loglevel=error
cp peers/package-lock.json peers/node_modules/.installed
