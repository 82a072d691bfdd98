/** Changes to rules that no test can notice, because they change nothing that matters: each with its reason. */

type Equivalent = {
  /** Rules it is about, by name. */
  readonly of: RegExp;
  /** The change, as `mutants.ts` says it. */
  readonly what: RegExp;
  readonly reason: string;
  /** True if no test notices any of them: one that is noticed does not belong here. */
  readonly always?: boolean;
};

export const EQUIVALENT: readonly Equivalent[] = [];

const used = new Set<Equivalent>();

/** Why a mutant need not turn anything red; undefined where it must. */
export function reasonFor(of: string, what: string): Equivalent | undefined {
  const found = EQUIVALENT.find((entry) => entry.of.test(of) && entry.what.test(what));
  if (found !== undefined) used.add(found);
  return found;
}

/** Reasons that no mutant needed. */
export function UNUSED_REASONS(): readonly string[] {
  return EQUIVALENT.filter((entry) => !used.has(entry)).map(({ reason }) => reason);
}
