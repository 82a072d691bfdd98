/** `schedule apply | list | pause | resume | trigger`: the jobs' schedules in Temporal. */

import { openProject } from '../../index.ts';
import { placeOf } from '../place.ts';
import { projectOptions } from '../project-options.ts';
import { differenceLines } from '../render/schedule-changes.ts';
import { scheduleLines } from '../render/schedule-list.ts';
import { reportProblems } from '../report.ts';

import type { Project } from '../../index.ts';
import type { Io } from '../io.ts';
import type { GlobalFlags, Settings } from '../settings.ts';

type Words = readonly string[];

/** Brings Temporal to what the files say. Answers the exit code. @throws UserError */
export async function applyCommand(
  flags: GlobalFlags & { readonly job?: Words; readonly dryRun?: boolean },
  settings: Settings,
  io: Io,
): Promise<number> {
  const dryRun = flags.dryRun === true;
  const { changes, problems, texts, remarks } = await withProject(settings, io, (project) =>
    project.schedules.apply({
      dryRun,
      ...(flags.job === undefined ? {} : { jobs: flags.job }),
    }),
  );
  if (settings.json) {
    const shown = changes.map(({ job, id, change, differences, failed }) => ({
      ...{ job, id, change, differences },
      ...(failed === undefined ? {} : { failed }),
    }));
    io.out(JSON.stringify({ dry_run: dryRun, changes: shown, problems, remarks }, null, 2));
  } else {
    for (const line of differenceLines(changes, dryRun)) io.out(line);
    for (const remark of remarks) io.say(`remark    ${remark}`);
    if (problems.length > 0) {
      io.say('These files cannot be read; what was declared before stays:');
      reportProblems(problems, texts, io);
    }
  }
  return changes.some(({ failed }) => failed !== undefined) || problems.length > 0 ? 2 : 0;
}

/** Shows a row for each schedule. Answers the exit code. @throws UserError */
export async function listCommand(
  _flags: GlobalFlags,
  settings: Settings,
  io: Io,
): Promise<number> {
  const { rows, isServed } = await withProject(settings, io, async (project) => ({
    rows: await project.schedules.list(),
    isServed: await project.schedules.isServed(),
  }));
  if (settings.json) {
    io.out(JSON.stringify({ schedules: rows, served: isServed }, null, 2));
    return 0;
  }
  if (rows.length === 0) {
    io.say('no schedules; `builder_cli schedule apply` makes those of the job files');
  }
  for (const line of scheduleLines(rows, io.results)) io.out(line);
  if (rows.length > 0 && !isServed) {
    io.say('Nobody serves the project now; `builder_cli serve` makes what is due.');
  }
  return 0;
}

/** Answers the exit code. @throws UserError SCHEDULE_NOT_FOUND */
export async function pauseCommand(
  { note }: GlobalFlags & { readonly note?: string },
  settings: Settings,
  io: Io,
  _first?: string,
  jobs: Words = [],
): Promise<number> {
  await withProject(settings, io, (project) => project.schedules.pause(jobs, note));
  return done(jobs, 'paused', settings, io);
}

/** Answers the exit code. @throws UserError SCHEDULE_NOT_FOUND */
export async function resumeCommand(
  _flags: GlobalFlags,
  settings: Settings,
  io: Io,
  _first?: string,
  jobs: Words = [],
): Promise<number> {
  await withProject(settings, io, (project) => project.schedules.resume(jobs));
  return done(jobs, 'resumed', settings, io);
}

/** Answers 0 if a run of each is ordered. @throws UserError SCHEDULE_NOT_FOUND */
export async function triggerCommand(
  _flags: GlobalFlags,
  settings: Settings,
  io: Io,
  _first?: string,
  jobs: Words = [],
): Promise<number> {
  const { made, isServed } = await withProject(settings, io, async (project) => ({
    made: await project.schedules.trigger(jobs),
    isServed: await project.schedules.isServed(),
  }));
  if (settings.json) {
    const triggered = made.map(({ job, state, runId }) => ({ job, state, run_id: runId ?? null }));
    io.out(JSON.stringify({ triggered, served: isServed }, null, 2));
  } else {
    for (const { job, state, runId, isCut = false } of made) {
      if (state === 'going on') {
        io.say(`${job}: not ordered, for an earlier run goes on, and overlap is skip`);
      } else {
        const run = isCut ? `runs ${runId}-...` : `run ${runId}`;
        io.say(`${job}: ordered${runId === undefined ? '' : `, ${run}`}`);
      }
    }
    if (!isServed) io.say('Nobody serves the project now; `builder_cli serve` makes the run.');
  }
  return made.every(({ state }) => state === 'ordered') ? 0 : 1;
}

function done(jobs: Words, what: 'paused' | 'resumed', settings: Settings, io: Io): number {
  if (settings.json) io.out(JSON.stringify({ [what]: jobs }));
  else io.say(`${what}    ${jobs.join(', ')}`);
  return 0;
}

async function withProject<T>(
  given: Settings,
  io: Io,
  work: (project: Project) => Promise<T>,
): Promise<T> {
  const { settings, stateDir } = placeOf(given, io.cwd);
  const project = openProject({
    ...projectOptions(settings, io),
    // The port is served by whoever called.
    metrics: { port: 0 },
    stateDir: stateDir.path,
    onEvent: (event) => {
      if (event.type === 'said') io.say(event.text);
    },
  });
  try {
    return await work(project);
  } finally {
    await project.close();
  }
}
