/** A stand-in for the server binary: starts in 50 ms, answers the two calls, and tells when two of it share a database. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type FakeServer = {
  readonly binary: string;
  /** Starts so far. */
  starts(): number;
  /** True if two ran on one database at the same time. */
  clashed(): boolean;
};

/** `fails`: what the first starts say before they end with 1 (SIGKILL: they are killed instead); `always`: what every start says. */
export function fakeServer(
  folder: string,
  options: {
    readonly stopMs?: number;
    readonly fails?: readonly string[];
    readonly always?: string;
    readonly version?: string;
  } = {},
): FakeServer {
  const {
    stopMs = 200,
    fails = [],
    always,
    version = '1.9.1 (Server 1.32.0, UI 2.54.1)',
  } = options;
  mkdirSync(folder, { recursive: true });
  const binary = join(folder, 'temporal');
  const starts = join(folder, 'starts');
  const clash = join(folder, 'clash');
  const settings = { stopMs, fails, always, version, starts, clash };
  writeFileSync(
    binary,
    `#!${process.execPath}\nconst settings = ${JSON.stringify(settings)};\n${SOURCE}`,
    { mode: 0o755 },
  );
  return {
    binary,
    starts: () => (existsSync(starts) ? readFileSync(starts, 'utf8').length : 0),
    clashed: () => existsSync(clash),
  };
}

const SOURCE = `
const fs = require('node:fs');
const args = process.argv.slice(2);
if (args[0] === '--version') {
  console.log('temporal version ' + settings.version);
  process.exit(0);
}
const after = (flag) => args[args.indexOf(flag) + 1];
const database = after('--db-filename');
fs.appendFileSync(settings.starts, 's');
const said = settings.always ?? settings.fails[fs.readFileSync(settings.starts, 'utf8').length - 1];
if (said !== undefined) die(said);
if (fs.existsSync(database) && !fs.readFileSync(database, 'utf8').startsWith('fake')) {
  die('Error: failed starting server: file is not a database (26)');
}
fs.writeFileSync(database, 'fake');
const owner = database + '.owner';
if (fs.existsSync(owner)) {
  try {
    process.kill(Number(fs.readFileSync(owner, 'utf8')), 0);
    fs.writeFileSync(settings.clash, 'two servers on ' + database);
  } catch {}
}
fs.writeFileSync(owner, String(process.pid));
const server = require('node:http2').createServer();
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  // DescribeNamespace: a namespace (field 1) with its state (field 2).
  stream.end(Buffer.from([0, 0, 0, 0, 4, 0x0a, 2, 0x10, 1]));
});
server.listen(Number(after('--port')), '127.0.0.1');
process.on('SIGTERM', () => setTimeout(() => {
  fs.rmSync(owner, { force: true });
  process.exit(0);
}, settings.stopMs));
function die(words) {
  if (words === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
  console.error(words);
  process.exit(1);
}
`;
