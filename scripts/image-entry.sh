#!/bin/sh
# `builder_cli` inside the image. All containers of a fleet keep their state where the image says, on a volume they
# share, so that `runs`, `status` and `logs` find each run from any of them. An own --state-dir wins.
state=--state-dir=$BUILDER_STATE_DIR
for word in "$@"; do
  case $word in
    --state-dir | --state-dir=* | --help | -h | help) state= ;;
  esac
done
[ $# -gt 0 ] && [ "$BUILDER_STATE_DIR" ] || state=
exec node /app/bin/builder_cli.cjs "$@" ${state:+"$state"}
