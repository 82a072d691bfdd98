/** The live region on a terminal: what runs now, what waits, how far it is. Redrawn, never scrolled. */

import { formatDuration } from '../../model/duration.ts';
import { nameIn } from '../../model/nested.ts';
import { makeItemProgress } from './item-progress.ts';
import { itemsText, lineOf } from './lines.ts';

import type { RunEvent } from '../../model/events.ts';
import type { RunView, StepView } from '../../model/view.ts';
import type { Io } from '../io.ts';
import type { Paint } from './paint.ts';

export type Renderer = {
  event(event: RunEvent, view: RunView): void;
  /** Removes the live region; lines already printed stay. */
  stop(): void;
};

const REFRESH_MS = 200;

/** Lines as things happen; on a terminal a region of running steps below them. */
export async function makeRenderer(io: Io, paint: Paint): Promise<Renderer> {
  if (!io.live) {
    const progress = makeItemProgress();
    return {
      event: (event, view) => {
        const line = lineOf(event, paint) ?? progress(event, view);
        if (line !== undefined) io.say(line);
      },
      stop: () => undefined,
    };
  }
  const { createLogUpdate } = await import('log-update');
  const region = createLogUpdate(io.stream);
  let view: RunView | undefined;
  const draw = (): void => {
    if (view !== undefined) region(regionOf(view, Date.now(), paint));
  };
  const timer = setInterval(draw, REFRESH_MS);
  timer.unref();
  return {
    event: (event, next) => {
      view = next;
      const line = lineOf(event, paint);
      if (line !== undefined) {
        region.clear();
        io.say(line);
      }
      draw();
    },
    stop: () => {
      clearInterval(timer);
      region.clear();
      region.done();
    },
  };
}

/** Text of the region at a moment. Pure. */
export function regionOf(view: RunView, nowMs: number, paint: Paint): string {
  const ended = view.steps.filter((step) => step.state === 'ended').length;
  const rows = running(view.steps).map(([name, step]) => {
    const since = formatDuration(Math.max(0, nowMs - (step.startedAtMs ?? nowMs)));
    const now =
      step.waitsFor === undefined ? paint.status('RUNNING') : `waiting for limit ${step.waitsFor}`;
    const what = step.state === 'running' ? now : 'waits to retry';
    const attempt = step.attempt > 1 ? `, attempt ${step.attempt}` : '';
    const items =
      step.items === undefined ? '' : `  ${itemsText(step.items.total, step.items.counts)}`;
    return `  ${name}  ${what} ${since}${attempt}${items}`;
  });
  const all = formatDuration(Math.max(0, nowMs - view.startedAtMs));
  return [...rows, paint.dim(`  ${ended} of ${view.steps.length} steps done, ${all}`)].join('\n');
}

/** What goes on, each profile followed by what goes on in it. */
function running(
  steps: readonly StepView[],
  within?: string,
): readonly (readonly [name: string, step: StepView])[] {
  return steps
    .filter((step) => step.state === 'running' || step.state === 'retrying')
    .flatMap((step) => {
      const name = nameIn(within, step.id);
      return [[name, step] as const, ...running(step.steps ?? [], name)];
    });
}
