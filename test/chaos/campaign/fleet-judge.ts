/** What must be true of every command of a fleet's case, and of what the fleet leaves behind. Each answer is a list of violations. */

import { readdir } from 'node:fs/promises';

import { openStoreToRead } from '../../../src/store/local.ts';
import { until } from '../../harness/cli.ts';
import { adviceMissing, judgeAnswers, judgeBytes, judgeClashes } from './judge.ts';
import { processesOf } from './processes.ts';

import type { Ended, Project } from '../../harness/cli.ts';
import type { FleetFault, Fleet } from './fleet.ts';
import type { Expected } from './judge.ts';
import type { Pipeline } from './pipelines.ts';

/** Two seconds are promised; this is for a machine under load. */
const LEAVES_WITHIN_MS = 10_000;

/** A command ends in time, with a code that its fault explains. */
export function judgeFleetCommand(played: {
  /** Absent if it hung. */
  readonly ended: Ended | undefined;
  readonly during: FleetFault | undefined;
  readonly struck: boolean;
  readonly pipeline: Pipeline;
  readonly leftAfterMs: number;
}): readonly string[] {
  const { ended, during, struck, pipeline, leftAfterMs } = played;
  if (ended === undefined) return ['a command hangs'];
  const { code, stderr } = ended;
  const codes: (number | null)[] = [pipeline.code];
  const isOfCommand = struck && during?.whom === 'command';
  if (isOfCommand && during.does === 'kill') codes.push(null);
  if (isOfCommand && during.does === 'term') codes.push(130);
  if (struck && during?.whom === 'child') codes.push(1);
  // A command that finds no service when it begins says so.
  if (struck && during?.whom === 'service' && stderr.includes('ENGINE_UNREACHABLE')) codes.push(3);
  const isAllowed = codes.includes(code) || (code === 2 && stderr.includes('NOTHING_TO_RESUME'));
  const isLate = isOfCommand && during.does === 'term' && leftAfterMs > LEAVES_WITHIN_MS;
  return [
    ...(isAllowed ? [] : [`exit code ${code} is not explained by the fault`]),
    ...(isLate ? [`it left ${leftAfterMs} ms after it was told to`] : []),
    ...(/^ {4}at .*\.js:\d+/m.test(stderr) ? ['a stack is shown'] : []),
    ...(stderr.includes('WORKFLOW_STUCK') ? ['WORKFLOW_STUCK'] : []),
    ...adviceMissing(ended),
  ];
}

type Left = {
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly expected: Expected;
  readonly fleet: Fleet;
};

/** What a case leaves behind; the fleet is told to leave on the way. */
export async function judgeFleet(left: Left): Promise<readonly string[]> {
  const { project, pipeline, fleet } = left;
  return [
    ...(await judgeClashes(project)),
    ...(await judgeBytes(left)),
    ...(await judgeAnswers(left, ['--state-dir', 'st-caller'])),
    ...(await fleet.leave()),
    ...(await judgeCounters(left)),
    ...(await judgeOrphans(project)),
    ...(pipeline.code === 0
      ? (await readdir(project.folder))
          .filter((name) => name.startsWith('.out'))
          .map((name) => `left beside --out: ${name}`)
      : []),
  ];
}

/** What the workers counted adds up to the runs on record: each run that ended well, and each of its steps, once. */
async function judgeCounters({ pipeline, fleet }: Left): Promise<readonly string[]> {
  const store = openStoreToRead(fleet.store);
  try {
    const changes = await store.changes();
    const all = 'all' in changes ? Object.values(changes.all.sums) : [];
    const good = (statuses: Readonly<Record<string, number>>): number =>
      (statuses['OK'] ?? 0) + (statuses['WARN'] ?? 0) + (statuses['CACHED'] ?? 0);
    const ended = (await store.runs()).filter(({ status }) => status === 'OK' || status === 'WARN');
    const counted = all
      .flatMap(({ runs }) => Object.values(runs))
      .reduce((sum, { statuses }) => sum + good(statuses), 0);
    const found: string[] = [];
    if (counted !== ended.length) found.push(`${ended.length} runs ended well, ${counted} counted`);
    for (const step of pipeline.code === 0 ? pipeline.steps : []) {
      const told = all
        .flatMap(({ steps }) => Object.values(steps))
        .filter((of) => of.step === step)
        .reduce((sum, { statuses }) => sum + good(statuses), 0);
      if (told !== ended.length) {
        found.push(`${step} ended well once a run, counted ${told} times for ${ended.length}`);
      }
    }
    return found;
  } finally {
    store.close();
  }
}

/** Everything but the service itself is gone. */
async function judgeOrphans(project: Project): Promise<readonly string[]> {
  const orphans = async (): Promise<readonly string[]> =>
    (await processesOf(project))
      .filter(({ command }) => !command.includes(' server start-dev '))
      .map(({ command }) => `still there: ${JSON.stringify(command.slice(0, 60))}`);
  const areGone = async (): Promise<boolean> => (await orphans()).length === 0;
  await until(areGone, 'everything ended', 20_000).catch(() => undefined);
  return [...new Set(await orphans())];
}
