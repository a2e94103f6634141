#!/usr/bin/env bash
# Runs the image with no right and no writable place, and looks whether its parts work on this platform: a worker
# leaves an orphan, waits until the metrics say that it was reaped, and asks PID 1 to stop.
#
#   scripts/try-image.sh [NAME]     by default container-supervisor:VERSION; or a NAME-standalone
#   CONTAINER_ENGINE=docker scripts/try-image.sh …
set -euo pipefail
cd "$(dirname "$0")/.."

readonly name=${1:-container-supervisor:$(node -p 'require("./package.json").version')}
case $name in
  *-standalone) readonly NODE=/opt/container-supervisor/bin/node ;;
  *) readonly NODE=node ;;
esac

# in Node.js alone, because the standalone image has nothing else
readonly WORKER='
  const { spawn } = require("node:child_process");
  const orphaning = (spawn, node) => spawn(node, ["-e", "setTimeout(() => {}, 500)"]).unref();
  const parent = "(" + orphaning + ")(require(\"node:child_process\").spawn, process.execPath); process.exit()";
  spawn(process.execPath, ["-e", parent]);
  setInterval(async () => {
    const metrics = await (await fetch("http://127.0.0.1:9464/metrics")).text();
    if (/^supervisor_orphans_reaped_total [1-9]/m.test(metrics)) process.kill(1, "SIGTERM");
  }, 200);
'

if [[ -z ${CONTAINER_ENGINE:-} ]]; then
  CONTAINER_ENGINE=$(command -v podman || command -v docker)
fi

timeout 60 "$CONTAINER_ENGINE" run --rm --read-only --user 12345:12345 --cap-drop=ALL --security-opt=no-new-privileges \
  --network=none "$name" -- "$NODE" -e "$WORKER"
echo "$name: ok"
