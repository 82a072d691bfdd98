/** What must be true of every command of a case, and of what is left when it is over. Each answer is a list of violations. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { openStoreToRead } from '../../../src/store/local.ts';
import { until } from '../../harness/cli.ts';
import { contentOf } from '../../harness/folders.ts';
import { enginePids, marksIn, processesOf } from './processes.ts';

import type { Ended, Project } from '../../harness/cli.ts';
import type { DiskFault } from './disk.ts';
import type { Change, SignalFault } from './faults.ts';
import type { Pipeline } from './pipelines.ts';

/** What undisturbed runs deliver, by version of the input. */
export type Expected = readonly Readonly<Record<string, string>>[];

type Played = {
  /** Absent if it hung. */
  readonly ended: Ended | undefined;
  readonly during: SignalFault | undefined;
  readonly struck: boolean;
  readonly changes: ReadonlySet<Change>;
  readonly pipeline: Pipeline;
  readonly disk?: DiskFault | undefined;
};

/** A command ends in time, with a code that its fault explains. */
export function judgeCommand(played: Played): readonly string[] {
  const { ended } = played;
  if (ended === undefined) return ['a command hangs'];
  const { code, stderr } = ended;
  const isAllowed =
    allowedCodes(played).includes(code) ||
    (code === 2 && isToldOver(stderr, played)) ||
    // Before its run is on record a signal ends it as it ends any program.
    (code === null && !/^(run|resume) /m.test(stderr) && played.during?.does === 'term');
  const codes = isAllowed ? [] : [`exit code ${code} is not explained by the fault`];
  const bugs = /^ {4}at .*\.js:\d+/m.test(stderr) ? ['a stack is shown'] : [];
  const stuck = /WORKFLOW_STUCK|ENGINE_START_FAILED/.exec(stderr);
  if (played.disk !== undefined) return [...judgeOnDisk(ended, played), ...bugs];
  return [...codes, ...bugs, ...adviceMissing(ended), ...(stuck === null ? [] : [stuck[0]])];
}

/** On a disk that is full or read-only any end is right that says so, or was not touched by it. */
function judgeOnDisk({ code, stderr }: Ended, played: Played): readonly string[] {
  if (code === null || code === 130 || allowedCodes(played).includes(code)) return [];
  const isSaid = /full|space|read-only|cannot be written|cannot write/i.test(stderr);
  return isSaid ? [] : [`on a ${played.disk} it ends with ${code} and does not say why`];
}

/** A run that is on record and left open is told with the words that go on with it. */
export function adviceMissing({ code, stderr }: Ended): readonly string[] {
  if ((code !== 3 && code !== 130) || !/^(run|resume) /m.test(stderr)) return [];
  return /builder_cli resume /.test(stderr)
    ? []
    : [`it ends with ${code} and does not say how to go on`];
}

function allowedCodes({ during, struck, changes, pipeline }: Played): readonly (number | null)[] {
  const codes: (number | null)[] = [pipeline.code];
  if (changes.has('input removed')) codes.push(1, 2);
  if (during === undefined || !struck) return codes;
  const { does, whom } = during;
  if (does === 'kill') {
    if (whom === 'command' || whom === 'all') codes.push(null);
    // The keeper's end leaves the server unwatched, not the run.
    if (whom === 'engine') codes.push(3);
    if (whom === 'child') codes.push(1);
  }
  if (does === 'term') {
    if (whom === 'command' || whom === 'all') codes.push(130);
    if (whom !== 'command' && whom !== 'child') codes.push(3);
    if (whom === 'child') codes.push(1);
  }
  return codes;
}

/** A run that is over or was never begun is refused as such. */
function isToldOver(stderr: string, { changes }: Played): boolean {
  return (
    /NOTHING_TO_RESUME|RUN_NOT_FOUND/.test(stderr) ||
    (changes.has('input removed') && /FILE|INPUT|NOT_FOUND/.test(stderr))
  );
}

/** Steps whose end a command told. */
export function toldFinished(stderr: string): readonly string[] {
  return [...stderr.matchAll(/^ {2}(\S+) +(?:OK|WARN|CACHED) /gm)].map(([, step = '']) => step);
}

/** How often each step's command was started. */
export async function startsOf(project: Project): Promise<ReadonlyMap<string, number>> {
  const folder = marksIn(project);
  const counts = new Map<string, number>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.starts')) continue;
    const text = await readFile(join(folder, name), 'utf8');
    counts.set(name.slice(0, -'.starts'.length), text.length / 2);
  }
  return counts;
}

/** How long after `beganAtMs` the first step's command was started, if one was. */
export async function firstStartAfter(
  project: Project,
  beganAtMs: number,
): Promise<readonly number[]> {
  const folder = marksIn(project);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.starts'));
  const starts = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name))).mtimeMs),
  );
  const later = starts.map((atMs) => atMs - beganAtMs).filter((ms) => ms > 0);
  return later.length === 0 ? [] : [Math.round(Math.min(...later))];
}

type Left = {
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly changes: ReadonlySet<Change>;
  readonly expected: Expected;
};

/** What a case leaves behind. */
export async function judgeEnd(left: Left): Promise<readonly string[]> {
  const { project } = left;
  return [
    ...(await judgeClashes(project)),
    ...(await judgeBytes(left)),
    ...(await judgeCounters(left)),
    ...(await judgeAnswers(left)),
    ...(await judgeGarbage(left)),
    ...(await judgeOrphans(left)),
  ];
}

/** Steps that found themselves at work when they began. */
export async function judgeClashes(project: Project): Promise<readonly string[]> {
  const clashes = (await readdir(marksIn(project))).filter((name) => name.endsWith('.clash'));
  return clashes.map((name) => `${name.replace('.clash', '')} ran twice side by side`);
}

export async function judgeBytes({
  project,
  pipeline,
  expected,
}: Pick<Left, 'project' | 'pipeline' | 'expected'>): Promise<readonly string[]> {
  const content = await contentOf(project.path('out')).catch(() => undefined);
  if (pipeline.code !== 0) return content === undefined ? [] : ['a failing run delivered'];
  if (content === undefined) return ['nothing was delivered'];
  const text = JSON.stringify(content);
  return expected.some((one) => JSON.stringify(one) === text) ? [] : ['other bytes were delivered'];
}

/** Counters are equal to the outcomes on record: a run that ended well, and each step of it, is counted once. */
async function judgeCounters({ project, pipeline, changes }: Left): Promise<readonly string[]> {
  const store = openStoreToRead(project.path('.builder/store'));
  try {
    const runs = await store.runs();
    const page = await readFile(project.path('m.prom'), 'utf8').catch(() => '');
    const count = (start: string, label: string): number =>
      [...page.matchAll(new RegExp(`^${start}\\{(.*)\\} (\\d+)$`, 'gm'))]
        .filter(([, labels = '']) => labels.includes(label))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
    const ended = runs.filter((run) => run.status === 'OK' || run.status === 'WARN');
    const counted =
      count('pipeline_run_status_total', 'status="OK"') +
      count('pipeline_run_status_total', 'status="WARN"');
    const found: string[] = [];
    if (counted !== ended.length) found.push(`${ended.length} runs ended well, ${counted} counted`);
    for (const step of pipeline.code === 0 ? pipeline.steps : []) {
      const statuses = ['OK', 'WARN', 'CACHED'].map((s) => `step="${step}",status="${s}"`);
      const told = statuses.reduce((sum, s) => sum + count('pipeline_step_status_total', s), 0);
      if (told !== ended.length && changes.size === 0) {
        found.push(`${step} ended well once a run, counted ${told} times for ${ended.length}`);
      }
    }
    return found;
  } finally {
    store.close();
  }
}

export async function judgeAnswers(
  { project, pipeline }: Pick<Left, 'project' | 'pipeline'>,
  place: readonly string[] = [],
): Promise<readonly string[]> {
  const found: string[] = [];
  const runs = await project.run(['runs', '--json', ...place]);
  const status = await project.run(['status', '--json', ...place]);
  if (runs.code !== 0) found.push(`runs ends with ${runs.code}`);
  if (status.code !== 0) return [...found, `status ends with ${status.code}`];
  const { state, status: shown } = JSON.parse(status.stdout) as Record<string, string>;
  const isGood = shown === 'OK' || shown === 'WARN';
  if (isGood !== (pipeline.code === 0)) found.push(`status says ${state} ${shown}`);
  return found;
}

async function judgeGarbage({ project, pipeline }: Left): Promise<readonly string[]> {
  const here = await readdir(project.folder);
  const beside = here.filter((name) => name.startsWith('.out'));
  const inside = (name: string): Promise<string[]> =>
    readdir(project.path(name)).catch((): string[] => []);
  const attempts = await inside('.builder/attempts');
  const tmp = await inside('.builder/store/tmp');
  return [
    ...(pipeline.code === 0 && beside.length > 0 ? [`left beside --out: ${beside.join()}`] : []),
    ...(attempts.length > 0 ? [`left in attempts: ${attempts.join()}`] : []),
    ...(tmp.length > 0 ? [`left in tmp: ${tmp.join()}`] : []),
  ];
}

/** What is still there after a while. A server may be while it is watched: it is ended when nobody has come for minutes. */
async function judgeOrphans({ project }: Left): Promise<readonly string[]> {
  const orphans = async (): Promise<readonly string[]> => {
    const all = await processesOf(project);
    const [server] = await enginePids(project);
    const watchers = all.filter(({ command }) => command.includes(' builder-engine '));
    const watching = new Set(watchers.map(({ pid }) => pid));
    const isKept = (pid: number, parent: number): boolean =>
      server !== undefined &&
      watching.size > 0 &&
      (pid === server || watching.has(pid) || watching.has(parent));
    return all
      .filter(({ pid, parent }) => !isKept(pid, parent))
      .map(({ command }) => `still there: ${JSON.stringify(command.slice(0, 60))}`);
  };
  const areGone = async (): Promise<boolean> => (await orphans()).length === 0;
  await until(areGone, 'everything ended', 20_000).catch(() => undefined);
  return [...new Set(await orphans())];
}
