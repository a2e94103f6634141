#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks.
set -euo pipefail
cd "$(dirname "$0")"

# a command, or a file, that only the package brings, and the package
readonly NEEDED=(
  unshare:util-linux
  unzip:unzip
  git:git
  promtool:prometheus
  prometheus:prometheus
  amtool:prometheus-alertmanager
  prometheus-alertmanager:prometheus-alertmanager
  chromium:chromium
  ip:iproute2
  nginx:nginx-light
  apache2:apache2-bin
  podman:podman
  runc:runc
  busybox:busybox-static
  /usr/lib/cni/bridge:containernetworking-plugins
  faketime:faketime
  redis-server:redis-server
  /usr/bin/python3:python3
  gunicorn:gunicorn
  uvicorn:uvicorn
  supervisord:supervisor
  patchelf:patchelf
  strip:binutils
  /lib/ld-musl-x86_64.so.1:musl
  shellcheck:shellcheck
)

exec ./install-packages.sh 'The tests' "${NEEDED[@]}"
