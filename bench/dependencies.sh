#!/usr/bin/env bash
# Installs whom the benchmark compares the supervisor with, as far as this machine lacks them.
set -euo pipefail
cd "$(dirname "$0")"

../scripts/install-packages.sh 'The benchmarks' \
  supervisord:supervisor s6-svscan:s6 runsvdir:runit gunicorn:gunicorn tini:tini dumb-init:dumb-init \
  unshare:util-linux
peers/install.sh
