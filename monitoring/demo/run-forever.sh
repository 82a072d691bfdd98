#!/bin/sh
# Runs the example against the stack again and again, so that Prometheus and Grafana have something to show.
#
# Each run has another damping, so that four of its 19 steps are executed and the others reused: both can be seen.
# Often at first; then every half hour, because each run leaves its record and its results (some 200 kB).
set -u

often=30
every=${DEMO_EVERY_SECONDS:-120}
child=

# Told to stop: the run is suspended, and the next start of this container goes on with it.
stop() {
  [ -z "$child" ] || kill -TERM "$child" 2> /dev/null
  wait
  exit 0
}
trap stop TERM INT

n=0
while :; do
  n=$((n + 1))
  builder_cli run-profile --job /app/jobs/standard.yaml --profile standard --out /data/out/airports \
    --param "damping=$(date +%s | awk '{ print 0.5 + ($1 % 4000) / 10000 }')" &
  child=$!
  wait "$child" || echo "demo: the run ended with exit code $?; the next one follows"
  touch /tmp/demo-ran
  [ "$n" -lt "$often" ] || every=1800
  sleep "$every" &
  child=$!
  wait "$child"
done
