/** A project's events as lines of a terminal: what was begun, what goes on, how it ended, and how to go on. */

import { makeRenderer } from './live.ts';
import { makePaint } from './paint.ts';
import { resultJson } from './result-json.ts';
import { makeShownCommands } from './shown-commands.ts';
import { summaryLines } from './summary.ts';

import type { ProjectEvent, RunClosed, RunLeftOpen } from '../../index.ts';
import type { StateDir } from '../../run/definitions/state-dir.ts';
import type { Io } from '../io.ts';
import type { Settings } from '../settings.ts';

export type Terminal = {
  tell(event: ProjectEvent): void;
  /** What to do about a run that was left open. */
  adviceOn(error: RunLeftOpen): string;
  /** Removes the live region; lines already printed stay. */
  stop(): void;
};

/** Shows one run. */
export async function makeTerminal(about: {
  readonly io: Io;
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly shownOut?: string | undefined;
}): Promise<Terminal> {
  const { io, settings, stateDir } = about;
  const paint = makePaint(io.color);
  const commands = makeShownCommands({ cwd: io.cwd, settings, stateDir: stateDir.path });
  const say = (line: string): void => io.say(line);
  const renderer = await makeRenderer(io, paint);
  let shownOut = about.shownOut;
  let isRegionOn = true;
  const stop = (): void => {
    if (isRegionOn) renderer.stop();
    isRegionOn = false;
  };
  const resume = (runId: string): string => commands.resume(runId, shownOut);

  const tell = (event: ProjectEvent): void => {
    switch (event.type) {
      case 'run_opening':
        shownOut ??= event.out;
        return;
      case 'unfinished_found':
        return say(`found     the unfinished run ${event.runId} for this --out; going on with it`);
      case 'definition_changed':
        return say(
          'changed   the definition is not the one this run began with; changed steps are run again',
        );
      case 'definition_gone':
        return say(
          'note      the definition files are gone; going on with the plan as it was saved',
        );
      case 'restarting':
        return say(`restart   ${event.why}; every finished step is kept`);
      case 'run_opened': {
        shownOut ??= event.out;
        const verb = event.resumed ? 'resume   ' : 'run      ';
        const { runId, job, profile, partition, steps } = event;
        const slice = partition === undefined ? '' : `, partition ${partition}`;
        say(`${verb} ${runId} (${job} with ${profile}${slice}, ${steps} steps)`);
        say(`state     ${event.stateDir}`);
        if (stateDir.insteadOf !== undefined) {
          say(`adopted   an earlier version made it; by itself it would be ${stateDir.insteadOf}`);
        }
        if (event.metricsUrl !== undefined) say(`metrics   ${event.metricsUrl}`);
        return;
      }
      case 'engine':
        return say(engineLine(event));
      case 'run_starting':
        if (event.uiUrl !== undefined) say(`ui        ${event.uiUrl}`);
        return;
      case 'run_event':
        return renderer.event(event.event, event.view);
      case 'run_cancelling':
        return say(
          'cancelling: waiting for the running steps to stop (Ctrl-C again leaves the run open)',
        );
      case 'waiting':
        return say(waitingLine(event));
      case 'run_suspended':
        stop();
        if (settings.json) {
          const { runId } = event;
          const left = { run_id: runId, state: 'open', exit_code: 130, resume: resume(runId) };
          io.out(JSON.stringify(left, null, 2));
        }
        return say(`suspended ${event.runId}; go on with: ${resume(event.runId)}`);
      case 'run_detached':
        stop();
        return detached(event);
      case 'run_closed':
        stop();
        return closed(event);
      case 'refused':
        return say(`refused   an order that no command gave; nothing was executed (${event.why})`);
      case 'said':
        return say(event.text);
      default: // It is not about a run.
    }
  };

  const detached = ({ runId, taskQueue }: ProjectEvent & { type: 'run_detached' }): void => {
    if (settings.json) {
      const left = { run_id: runId, state: 'open', detached: true, exit_code: 0 };
      io.out(JSON.stringify({ ...left, resume: resume(runId) }, null, 2));
    }
    say(`detached  ${runId} goes on on the workers of task queue '${taskQueue}'`);
    say(`look      ${commands.shown('status')} ${runId}; wait for it with: ${resume(runId)}`);
  };

  const closed = (event: RunClosed): void => {
    const { runId, summary, folder, exitCode, elapsedMs, engine, metricsUrl, record } = event;
    const places = {
      ...(shownOut === undefined ? {} : { out: shownOut }),
      record: folder,
      ...(engine === 'embedded' ? { ui: `${commands.shown('dev')} keeps Temporal's UI up` } : {}),
      ...(metricsUrl === undefined ? {} : { metrics: metricsUrl }),
      ...(exitCode === 0 ? {} : { resume: resume(runId) }),
    };
    for (const line of summaryLines(runId, summary, elapsedMs, places, paint)) say(line);
    if (settings.json && record !== undefined) {
      io.out(JSON.stringify(resultJson(record, summary, exitCode), null, 2));
    }
  };

  return {
    tell,
    stop,
    adviceOn: ({ code, runId, first }) =>
      code === 'WORKFLOW_STUCK'
        ? `Look at the run in the Temporal UI or at its worker.log. Every finished step is kept; start it again with: ${resume(runId)}`
        : `${first === undefined ? '' : `${first} `}Every finished step is kept. Go on with: ${resume(runId)}`,
  };
}

/** Why nothing gets on. */
export function waitingLine(event: ProjectEvent & { type: 'waiting' }): string {
  if (event.for === 'steps') {
    const { steps } = event;
    const which = steps === 1 ? 'the step that is' : `${steps} steps that are`;
    return `waiting: the engine has ended; ${which} being worked on will be finished first, and kept (Ctrl-C leaves now)`;
  }
  const { for: what, taskQueue } = event;
  switch (what) {
    case 'service':
      return 'waiting: the Temporal service does not answer';
    case 'engine':
      return 'waiting: the engine does not answer';
    case 'worker':
      return `waiting: no worker serves task queue '${taskQueue}'; start one with \`builder_cli worker\``;
    case 'deliverer':
      return `waiting: no worker delivers from queue '${taskQueue}' yet; start one with \`builder_cli worker --deliver\``;
  }
}

/** Which engine executes, for the first lines of a command. */
export function engineLine(event: ProjectEvent & { readonly type: 'engine' }): string {
  if (event.kind === 'none') return 'engine    none is needed; the store holds every result';
  const name = event.kind === 'embedded' ? 'embedded Temporal' : 'Temporal';
  return `engine    ${name} at ${event.address}, namespace ${event.namespace}`;
}
