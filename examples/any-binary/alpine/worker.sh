# A worker that has nothing to do until it is asked to stop.
trap 'echo "bye $SUPERVISOR_WORKER_INDEX"; exit 0' TERM
echo "ready $$ $SUPERVISOR_WORKER_INDEX"
while :; do
  sleep 1000 &
  wait $!
done
