/** The Prometheus text format as families: parsed, and merged so that each name is there once and has a HELP. Pure. */

export type Family = {
  readonly name: string;
  readonly help: string | undefined;
  readonly type: string | undefined;
  /** Sample lines as they were. */
  readonly samples: readonly string[];
};

const SUFFIXES: Readonly<Record<string, readonly string[]>> = Object.freeze({
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
});

/** The families of an exposition, in its order. Comments other than HELP and TYPE are dropped. */
export function parseFamilies(text: string): readonly Family[] {
  type Draft = { help?: string; type?: string; samples: string[] };
  const drafts = new Map<string, Draft>();
  const at = (name: string): Draft => {
    const draft = drafts.get(name) ?? { samples: [] };
    drafts.set(name, draft);
    return draft;
  };
  const owner = (sample: string): string => {
    for (const [type, suffixes] of Object.entries(SUFFIXES)) {
      for (const suffix of suffixes) {
        const base = sample.endsWith(suffix) ? sample.slice(0, -suffix.length) : '';
        if (drafts.get(base)?.type === type) return base;
      }
    }
    return sample;
  };
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment !== null) {
      const [, word, name, rest] = comment as unknown as [string, string, string, string];
      if (word === 'HELP') at(name).help = rest;
      else at(name).type = rest;
      continue;
    }
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
    if (name !== undefined) at(owner(name)).samples.push(line);
  }
  return [...drafts].map(([name, { help, type, samples }]) => ({ name, help, type, samples }));
}

/** `ours` followed by those families of `theirs` that ours does not have; `helpFor` supplies a missing HELP. */
export function mergeExpositions(
  ours: string,
  theirs: string,
  helpFor: (name: string) => string,
): string {
  const taken = new Set(parseFamilies(ours).map(({ name }) => name));
  const blocks = parseFamilies(theirs)
    .filter(({ name, samples }) => !taken.has(name) && samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const head = [`# HELP ${name} ${help ?? helpFor(name)}`];
      if (type !== undefined) head.push(`# TYPE ${name} ${type}`);
      return [...head, ...samples].join('\n');
    });
  return blocks.length === 0 ? ours : `${ours.trimEnd()}\n\n${blocks.join('\n\n')}\n`;
}
