/** Plays cases one after the other and tells of each in a line. */

import { withProject } from '../../harness/cli.ts';
import { contentOf } from '../../harness/folders.ts';
import { playCase, planned } from './case.ts';
import { playFleetCase, plannedFleet } from './fleet-case.ts';
import { CHANGED_INPUT, filesOf, INPUT, MARKS } from './pipelines.ts';
import { marksIn } from './processes.ts';

import type { CaseReport } from './case.ts';
import type { Kind } from './results.ts';
import type { Expected } from './judge.ts';
import type { Pipeline } from './pipelines.ts';

/** Plays the cases of seeds, with the embedded engine or with a fleet, one after the other. Told to stop, it ends the case it is at, so that nothing is left running. */
export async function playCampaign(
  { seeds, kind }: { readonly seeds: readonly number[]; readonly kind: Kind },
  tell: (report: CaseReport) => void,
  stop?: AbortSignal,
): Promise<readonly CaseReport[]> {
  const deliveries = new Map<string, Expected>();
  const reports: CaseReport[] = [];
  for (const seed of seeds) {
    if (stop?.aborted === true) break;
    const { pipeline } = kind === 'fleet' ? plannedFleet(seed) : planned(seed);
    const expected = deliveries.get(pipeline.name) ?? (await undisturbed(pipeline));
    deliveries.set(pipeline.name, expected);
    const report = await (kind === 'fleet' ? playFleetCase : playCase)(seed, expected);
    tell(report);
    reports.push(report);
  }
  return reports;
}

/** What runs that nobody disturbs deliver, of each version of the input. */
async function undisturbed(pipeline: Pipeline): Promise<Expected> {
  if (pipeline.code !== 0) return [];
  const found: Readonly<Record<string, string>>[] = [];
  await withProject(filesOf(pipeline), async (project) => {
    await project.write({ 'marks/none': '' });
    for (const [name, input] of Object.entries({ out: INPUT, changed: CHANGED_INPUT })) {
      await project.write({ 'data.csv': input });
      const words = ['run-profile', '--job', 'jobs/j.yaml', '--profile', 'p', '--out', name];
      const { code, stderr } = await project.run(words, { [MARKS]: marksIn(project) });
      if (code !== 0) throw new Error(`${pipeline.name} does not run undisturbed:\n${stderr}`);
      found.push(await contentOf(project.path(name)));
    }
  });
  return found;
}

/** One line of the table. */
export function lineOf({ seed, pipeline, faults, codes, seconds, violations }: CaseReport): string {
  const verdict = violations.length === 0 ? 'ok' : `VIOLATION: ${violations.join('; ')}`;
  const ended = codes.map((code) => code ?? 'killed').join(' ');
  return [
    String(seed).padEnd(7),
    pipeline.padEnd(9),
    `${seconds.toFixed(0)}s`.padEnd(5),
    ended.padEnd(16),
    `${faults.join(', ')}: ${verdict}`,
  ].join(' ');
}
