/** Run ids: short, readable, unique enough for a state folder. Pure. */

/**
 * `airports-20241009-141503-k3f9`: job (at most `most` characters of it), UTC start, four characters of `random`
 * (0 <= random < 1). At most 100 characters.
 */
export function makeRunId(job: string, startedAt: Date, random: number, most = 60): string {
  const name = job
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, most);
  const time = startedAt.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const tail = Math.floor(random * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return `${name || 'run'}-${time}-${tail}`;
}

/** The same for a backfill: with the longest name of a partition behind it, it still is the id of a run. */
export function makeBackfillId(job: string, askedAt: Date, random: number): string {
  return makeRunId(job, askedAt, random, 15);
}
