/** What a delivery takes away from the one before it. Pure. */

import { MAX_GONE } from '../../model/step-result.ts';

import type { DeliverInput } from '../../model/step-result.ts';
import type { OutState } from './inspect-out.ts';

/**
 * True: nothing is delivered, and the earlier delivery stays. A run whose exports were all skipped by
 * their conditions has made nothing new, which is no reason to take away what is there.
 */
export function staysAsItIs(
  input: Pick<DeliverInput, 'files' | 'outcomes'>,
  found: OutState,
): boolean {
  return (
    input.files.length === 0 &&
    found.state === 'ours' &&
    found.manifest.files.length > 0 &&
    input.outcomes.some(({ status }) => status === 'SKIPPED')
  );
}

/** Files of the earlier delivery that the new one has no more. */
export function goneFrom(
  found: OutState,
  files: readonly { readonly path: string }[],
): readonly string[] {
  if (found.state !== 'ours') return [];
  const paths = new Set(files.map(({ path }) => path));
  return found.manifest.files
    .map(({ path }) => path)
    .filter((path) => !paths.has(path))
    .slice(0, MAX_GONE);
}
