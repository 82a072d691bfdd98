/** How long ago something was on this machine, whatever becomes of its clocks. */

/** One clock stands still while the machine sleeps, the other may be set: time is what either says. */
export type Moment = readonly [steady: number, wall: number];

export function clock(): Moment {
  return [performance.now(), Date.now()];
}

export function since([steady, wall]: Moment): number {
  const [now, today] = clock();
  return Math.max(now - steady, today - wall);
}
