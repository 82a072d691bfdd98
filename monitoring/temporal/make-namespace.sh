#!/bin/sh
# Makes the namespace `default` once the service serves. Does nothing where it is there.
set -eu

left=60
until temporal operator cluster health > /dev/null 2>&1; do
  left=$((left - 1))
  [ "$left" -gt 0 ] || { echo "Temporal at $TEMPORAL_ADDRESS does not serve" >&2; exit 1; }
  sleep 1
done
temporal operator namespace describe --namespace default > /dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 72h
