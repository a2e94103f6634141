#!/usr/bin/env bash
# What can be known without a test: format, generated files, types, lint, the package. Called by `npm run check`, which
# puts the programs on the PATH. The parts run side by side, and say something only where something is wrong.
set -euo pipefail

# shellcheck disable=SC2317 # each is called by its name
format() { prettier --check --log-level warn --cache --cache-strategy content .; }
# shellcheck disable=SC2317
generated() { node scripts/build-validator.mjs && node scripts/generate.mjs --check; }
# shellcheck disable=SC2317
types() { tsc && tsc -p src/page && tsc -p test/browser; }
# shellcheck disable=SC2317
lint() { eslint --cache --cache-strategy content --cache-location node_modules/.cache/eslint/ .; }
# shellcheck disable=SC2317
package() { publint --strict; }

readonly PARTS=(format generated types lint package)
outputs=$(mktemp -d)
trap 'rm -r "$outputs"' EXIT

pids=()
for part in "${PARTS[@]}"; do
  "$part" > "$outputs/$part" 2>&1 &
  pids+=($!)
done

status=0
for index in "${!PARTS[@]}"; do
  wait "${pids[index]}" && continue
  status=1
  part=${PARTS[index]}
  echo "$part:"
  cat "$outputs/$part"
done
exit "$status"
