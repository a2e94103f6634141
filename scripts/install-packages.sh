#!/usr/bin/env bash
# Installs Debian packages that this machine lacks. Where all are there, it looks and does nothing.
#   install-packages.sh WHO COMMAND:PACKAGE…
# WHO is who needs them; a command, or a file, is one that only the package brings.
set -euo pipefail
readonly who=$1
shift

declare -A missing=()
for pair in "$@"; do
  command -v "${pair%%:*}" > /dev/null || missing[${pair#*:}]=1
done
((${#missing[@]} > 0)) || exit 0
readonly packages=("${!missing[@]}")

if ((EUID != 0)) || ! command -v apt-get > /dev/null; then
  echo "$who need these Debian packages: ${packages[*]}. Only root can install them, with apt-get." >&2
  exit 1
fi
echo "Installing: ${packages[*]}" >&2

log=$(mktemp)
temporary=("$log")
trap 'rm -f "${temporary[@]}"' EXIT

# The packages' services are not for this machine: while this file says 101, no maintainer script starts
# one. A machine that has such a policy already keeps its own.
readonly POLICY=/usr/sbin/policy-rc.d
if [[ ! -e $POLICY ]]; then
  temporary+=("$POLICY")
  printf '#!/bin/sh\nexit 101\n' > "$POLICY"
  chmod +x "$POLICY"
fi

# Runs a command, and shows what it says only if it fails.
quietly() {
  "$@" > "$log" 2>&1 || {
    cat "$log" >&2
    echo "Failed: $*" >&2
    exit 1
  }
}

export DEBIAN_FRONTEND=noninteractive
quietly apt-get update
quietly apt-get install --yes --no-install-recommends "${packages[@]}"

# nor does one start at the next boot
if [[ -d /run/systemd/system ]]; then
  for package in "${packages[@]}"; do
    case $package in
      prometheus*) quietly systemctl disable "$package.service" ;;
      supervisor | runit) quietly systemctl disable "$package.service" ;;
      redis-server) quietly systemctl disable redis-server.service ;;
      nginx-light) quietly systemctl disable nginx.service ;;
      podman) quietly systemctl disable podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer ;;
    esac
  done
fi
