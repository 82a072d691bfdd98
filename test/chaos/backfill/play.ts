/**
 * A backfill of many partitions, some of which fail, killed again and again at moments that a seed decides; then what must
 * be true of it: every partition right, one record for each that was made, exactly the rest the next time, no process left.
 */

import { readFile } from 'node:fs/promises';

import { freePort, scrape, until, withProject } from '../../harness/cli.ts';
import { enginePids, processesOf } from '../campaign/processes.ts';
import { randomOf } from '../campaign/random.ts';

import type { Ended, Project, Running } from '../../harness/cli.ts';
import type { Random } from '../campaign/random.ts';

export type BackfillCase = {
  readonly seed: number;
  readonly partitions: number;
  /** Those that fail until they are mended. */
  readonly failing: number;
  /** Kills of the command or the engine while the first one goes on. */
  readonly kills: number;
};

export type BackfillVerdict = {
  readonly violations: readonly string[];
  /** Seconds of each part, and what was hit. */
  readonly told: readonly string[];
};

type Report = {
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly partitions: readonly { readonly partition: string; readonly status: string }[];
};
type Run = {
  readonly run_id: string;
  readonly partition?: string;
  readonly status: string;
  readonly state: string;
};

const BACKFILL = ['backfill', '--job', 'jobs/j.yaml', '--out', 'out', '--json'];

/** Plays it. Linux: processes are looked at. */
export async function playBackfill(
  about: BackfillCase,
  say: (line: string) => void = () => undefined,
): Promise<BackfillVerdict> {
  const random = randomOf(about.seed);
  const ids = Array.from({ length: about.partitions }, (_, i) => `p${String(i).padStart(4, '0')}`);
  const failing = chosen(random, ids, about.failing);
  const violations: string[] = [];
  const told: string[] = [];
  await withProject(filesOf(ids, new Set(failing)), async (project) => {
    const port = await freePort();
    const played: Played = { project, port, ids, failing, random, violations };
    const step = async (name: string, work: () => Promise<string>): Promise<void> => {
      const beganMs = Date.now();
      const what = await work();
      const line = `${name}: ${what}, ${Math.round((Date.now() - beganMs) / 1000)} s`;
      told.push(line);
      say(line);
    };
    await step('killed', () => killedAgainAndAgain(played, about.kills));
    await step('again', () => expectMade(played, [], failing, { FAIL: failing.length }));
    for (const id of failing) await project.write({ [`data/${id}.csv`]: `id,amount\n${id},1\n` });
    await step('mended', () => expectMade(played, [], failing, { OK: failing.length }));
    const changed = random.of(ids as [string, ...string[]]);
    await project.write({ [`data/${changed}.csv`]: `id,amount\n${changed},2\n` });
    await step('stale', () => expectMade(played, ['--stale'], [changed], { OK: 1 }));
    await step('records', () => lookAtRecords(played, 2 * failing.length, changed));
    await step('metrics', () => lookAtMetrics(played, ids.length + 1, 2 * failing.length));
    await step('processes', () => lookAtProcesses(played));
  });
  return { violations, told };
}

type Played = {
  readonly project: Project;
  readonly port: number;
  readonly ids: readonly string[];
  readonly failing: readonly string[];
  readonly random: Random;
  readonly violations: string[];
};

/** One step that is a program, so that kills leave something to clean up; another that a bad row fails. */
function filesOf(ids: readonly string[], failing: ReadonlySet<string>): Record<string, string> {
  return {
    'jobs/j.yaml': `
job: parts
profile: p
partition: { by: list, values: [${ids.join(', ')}] }
inputs: { orders: { path: '../data/\${{ partition.id }}.csv' } }
`,
    'profiles/p.yaml': `
profile: p
steps:
  orders: { uses: collect.files, with: { from: '\${{ inputs.orders }}', columns: { id: VARCHAR, amount: VARCHAR } } }
  wait: { uses: exec.command, with: { shell: 'sleep 0.2' } }
  month:
    uses: transform.sql
    needs: [orders, wait]
    with: { sql: 'select id, cast(amount as integer) as amount from orders' }
  files: { uses: export.dataset, with: { from: month, formats: [csv] } }
`,
    ...Object.fromEntries(
      ids.map((id) => [`data/${id}.csv`, `id,amount\n${id},${failing.has(id) ? 'x' : '1'}\n`]),
    ),
  };
}

function start({ project, port }: Played, words: readonly string[] = []): Running {
  const at = ['--prometheus-port', String(port), '--prometheus-address', '127.0.0.1'];
  return project.start([...BACKFILL, ...at, '--linger', '0', ...words]);
}

async function killedAgainAndAgain(played: Played, kills: number): Promise<string> {
  const { project, ids, failing, random, violations } = played;
  const hits: string[] = [];
  let ended: Ended | undefined;
  while (ended === undefined) {
    const running = start(played);
    if (hits.length >= kills) {
      ended = await running.ended;
      break;
    }
    const afterMs = 200 + random.below(12_000);
    const late = await Promise.race([running.ended, pause(afterMs)]);
    if (late !== undefined && late.code !== 3) {
      ended = late;
      break;
    }
    const what = random.of(['command', 'engine', 'both'] as const);
    hits.push(what);
    if (what !== 'command') {
      for (const pid of await enginePids(project)) kill(pid);
    }
    if (what !== 'engine') running.kill('SIGKILL');
    const { code } = await running.ended;
    const isExpected = what === 'engine' ? [3, 1, null] : [null, 1, 3];
    if (!isExpected.includes(code)) violations.push(`a killed command ended with ${code}`);
    if (code === 1) ended = { ...(await running.ended) };
  }
  const report = JSON.parse(ended.stdout) as Report;
  const wanted = { OK: ids.length - failing.length, FAIL: failing.length };
  expectSame(violations, 'the first backfill', report.counts, wanted);
  if (ended.code !== 1) violations.push(`the first backfill ended with ${ended.code}`);
  return `${hits.length} kills (${hits.join(' ')})`;
}

async function expectMade(
  played: Played,
  words: readonly string[],
  wanted: readonly string[],
  counts: Readonly<Record<string, number>>,
): Promise<string> {
  const { code, stdout, stderr } = await start(played, words).ended;
  const report = JSON.parse(stdout) as Report;
  const made = report.partitions.map(({ partition }) => partition);
  expectSame(played.violations, 'partitions of the next', made, wanted);
  expectSame(played.violations, 'counts of the next', report.counts, counts);
  if ((code === 0) !== (counts['FAIL'] === undefined)) {
    played.violations.push(`it ended with ${code}: ${stderr}`);
  }
  return `${made.length} made`;
}

async function lookAtRecords(
  { project, ids, failing, violations }: Played,
  failures: number,
  changed: string,
): Promise<string> {
  const { stdout } = await project.run(['runs', '--limit', '100000', '--json']);
  const { runs } = JSON.parse(stdout) as { runs: readonly Run[] };
  const open = runs.filter(({ state }) => state === 'open').map(({ run_id }) => run_id);
  if (open.length > 0) violations.push(`runs are open: ${open.join(' ')}`);
  const good = runs.filter(({ status }) => status === 'OK').map(({ partition }) => partition);
  expectSame(violations, 'good runs', good.toSorted(), [...ids, changed].toSorted());
  expectSame(violations, 'failed runs', runs.length - good.length, failures);
  expectSame(violations, 'failed partitions', new Set(failing).size, failing.length);
  for (const id of ids) {
    const text = await readFile(project.path(`out/${id}/month.csv`), 'utf8').catch(String);
    const wanted = `id,amount\n${id},${id === changed ? 2 : 1}\n`;
    if (text !== wanted) violations.push(`out/${id} holds ${text}`);
  }
  return `${runs.length} runs, ${ids.length} deliveries`;
}

/** Its port's exporter goes on with what the commands counted. */
async function lookAtMetrics(
  { project, port, violations }: Played,
  good: number,
  failures: number,
): Promise<string> {
  const dev = project.start(['dev', '--prometheus-port', String(port)]);
  await dev.says(/steps at once/);
  const seen = await scrape(port);
  const of = (status: string) =>
    seen.get(`pipeline_run_status_total{job="parts",profile="p",status="${status}"}`);
  expectSame(
    violations,
    'runs counted',
    { OK: of('OK'), FAIL: of('FAIL') },
    { OK: good, FAIL: failures },
  );
  const steps = [...seen.keys()].filter((name) => /step="month"/.test(name)).length;
  if (steps > 30) violations.push(`${steps} series for one step`);
  dev.kill('SIGTERM');
  await dev.ended;
  return `${seen.size} series, ${steps} of a step`;
}

async function lookAtProcesses({ project, violations }: Played): Promise<string> {
  const left = await until(async () => {
    const engine = new Set(await enginePids(project));
    const others = (await processesOf(project)).filter(({ pid }) => !engine.has(pid));
    return others.length === 0 ? 'none' : undefined;
  }, 'every process has ended').catch((error: Error) => error.message);
  if (left !== 'none') violations.push(left);
  return `left: ${left}`;
}

function expectSame(violations: string[], what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [canonical(found), canonical(wanted)];
  if (a !== b) violations.push(`${what}: found ${a.slice(0, 500)}, wanted ${b.slice(0, 500)}`);
}

function canonical(value: unknown): string {
  return JSON.stringify(
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
      : value,
  );
}

/** Different ones, in their order. */
function chosen(random: Random, ids: readonly string[], count: number): readonly string[] {
  const all = new Set<string>();
  while (all.size < count) all.add(random.of(ids as [string, ...string[]]));
  return ids.filter((id) => all.has(id));
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
