#!/usr/bin/env bash
# Builds the image, with podman or docker, whichever is there.
#
#   scripts/build-image.sh [NAME [OPTION...]]     by default container-supervisor:VERSION; options are those of `build`
#   scripts/build-image.sh --standalone [NAME [OPTION...]]     from the image NAME that image NAME-standalone
#   CONTAINER_ENGINE=docker scripts/build-image.sh …
set -euo pipefail
cd "$(dirname "$0")/.."

standalone=
if [[ ${1:-} == --standalone ]]; then
  standalone=1
  shift
fi
readonly name=${1:-container-supervisor:$(node -p 'require("./package.json").version')}
shift || true

if [[ -z ${CONTAINER_ENGINE:-} ]]; then
  CONTAINER_ENGINE=$(command -v podman || command -v docker) || {
    echo 'Building the image needs podman or docker.' >&2
    exit 1
  }
fi

options=("$@")
# An archive of the sources knows no commit. A clone of another user's, as root in CI has it, does.
if revision=$(git -c safe.directory="$PWD" rev-parse HEAD 2> /dev/null); then
  options+=(--label "org.opencontainers.image.revision=$revision")
fi

if [[ -n $standalone ]]; then
  exec "$CONTAINER_ENGINE" build --file deploy/Containerfile.standalone --tag "$name-standalone" \
    --build-arg "SUPERVISOR_IMAGE=$name" "${options[@]}" deploy
fi
exec "$CONTAINER_ENGINE" build --file deploy/Containerfile --tag "$name" "${options[@]}" .
