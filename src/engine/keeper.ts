/**
 * The server's parent: a small shell script in a session of its own, so that Ctrl-C in the terminal does not reach it.
 * It writes the server's record and renews it, stops the server when nobody has needed it for a while, and ends with it.
 * If the record is gone while the server runs, another container has taken over: the server is ended at once, for two
 * must not share a database. Told to end, it says so in the record first: nobody adopts a server that is about to go.
 * It exists because a command that is kill -9'd can do none of this.
 */

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { ownOwner, placeOf } from '../os/owner.ts';

import type { EnginePaths } from './engine-paths.ts';
import type { ServerFacts } from './server-records.ts';

export type Keeper = {
  /** True once the server and its keeper are gone. */
  ended(): boolean;
  /** Tells it to end with its server, at whatever point of its start it is. */
  stop(): void;
};

// `born` answers what bornOf of os/born.ts does, `third` is the part of a lease's name that begins with its place. The watcher is told to end until it has: a signal that reaches it before its trap is lost. `trap : HUP` rather than '' so that the server is not deaf to it.
const SCRIPT = `
born() {
  if [ -r "/proc/$1/stat" ]; then
    read -r stat < "/proc/$1/stat" 2> /dev/null || return 1
    set -- \${stat##*) }
    [ "$1" = Z ] || echo "\${20}"
  else
    LC_ALL=C ps -o lstart= -p "$1" | tr -cd A-Za-z0-9
  fi
}

needed() {
  for lease in "$leases"/*; do
    name=\${lease##*/}
    rest=\${name#*-}
    third=\${rest#*-}
    case $third in
      "$place"*) [ "$(born "\${name%%-*}")" = "\${rest%%-*}" ] && return 0 ;;
      *) [ -f "$lease" ] && [ -z "$(find "$lease" -prune -mmin +1 2> /dev/null)" ] && return 0 ;;
    esac
    rm -f "$lease"
  done
  return 1
}

watch() {
  trap 'kill "$!" 2> /dev/null; exit 0' TERM
  quiet=0
  while :; do
    sleep "$every" &
    wait "$!"
    if [ "$(born "$server")" != "$since" ]; then
      rm -f "$record.json" "$record.stopping" "$record.claimed"
      exit 0
    fi
    if ! { [ -f "$record.json" ] || [ -f "$record.stopping" ] || [ -f "$record.json" ]; }; then
      echo "builder_cli: another command has taken over the state folder; the server ends"
      kill -KILL "$server" 2> /dev/null
      exit 0
    fi
    touch -c "$record.json"
    if needed; then quiet=0; continue; fi
    quiet=$((quiet + every))
    [ "$quiet" -ge "$patience" ] || continue
    mv "$record.json" "$record.stopping" 2> /dev/null || continue
    if needed; then
      mv "$record.stopping" "$record.json"
      quiet=0
      continue
    fi
    kill -TERM "$server" 2> /dev/null
    exit 0
  done
}

record=$1 leases=$2 patience=$3 every=$4 place=$5 facts=$6
shift 6
trap : HUP INT
told= server=
end() {
  told=yes
  mv "$record.json" "$record.stopping" 2> /dev/null
  [ -z "$server" ] || kill -TERM "$server" 2> /dev/null
}
trap end TERM
mv "$record.starting" "$record.claimed" 2> /dev/null || exit 0
"$@" &
server=$!
since=$(born "$server")
printf '{"pid":%s,"born":"%s",%s\\n' "$server" "$since" "$facts" > "$record.claimed"
mv "$record.claimed" "$record.json"
[ -z "$told" ] || end
watch &
watcher=$!
while :; do
  wait "$server"
  code=$?
  kill -0 "$server" 2> /dev/null || break
done
echo "builder_cli: the server ended with code $code"
rm -f "$record.json" "$record.stopping" "$record.claimed"
while kill -TERM "$watcher" 2> /dev/null; do sleep 0.1; done
`;

/** Starts keeper and server; returns at once. Output of both goes to the log file, from its end. */
export function startKeeper(options: {
  readonly paths: EnginePaths;
  /** A record in state `starting`. */
  readonly id: string;
  readonly facts: ServerFacts;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Working folder of both, absolute. */
  readonly cwd: string;
  /** How long the server outlives the last lease that nobody gave back. */
  readonly idleStopMs: number;
}): Keeper {
  const { paths, id, facts, command, env, cwd, idleStopMs } = options;
  const { host, boot, pidns } = ownOwner();
  const patience = Math.max(1, Math.round(idleStopMs / 1000));
  const every = Math.min(patience, 10);
  const log = openSync(paths.logFile, 'a');
  try {
    const child = spawn(
      '/bin/sh',
      [
        '-c',
        SCRIPT,
        'builder-engine',
        `${paths.servers}/${id}`,
        paths.leases,
        String(patience),
        String(every),
        placeOf(ownOwner()),
        JSON.stringify({ host, boot, pidns, ...facts }).slice(1),
        ...command,
      ],
      { cwd, detached: true, env: { ...env }, stdio: ['ignore', log, log] },
    );
    let ended = false;
    child.once('exit', () => (ended = true));
    child.once('error', () => (ended = true));
    child.unref();
    return { ended: () => ended, stop: () => void child.kill('SIGTERM') };
  } finally {
    closeSync(log);
  }
}
