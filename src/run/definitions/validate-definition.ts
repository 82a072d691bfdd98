/** Checks a definition on what its files say and, where a state folder is there, on what its store knows. Makes nothing. */

import { makeColumnsOfNow } from '../../activities/columns-of-now.ts';
import { lookIntoStore } from '../../store/open-store.ts';
import { ownStore } from '../../store/store-places.ts';
import { resolveDefinition } from './definition-source.ts';

import type { ColumnsOfNow } from '../../activities/columns-of-now.ts';
import type { Store } from '../../store/store.ts';
import type { DefinitionRequest, ResolvedDefinition } from './definition-source.ts';
import type { ProjectOptions } from '../project-options.ts';

/** The plan that a request means. @throws DefinitionError with every problem */
export async function validateDefinition(
  request: DefinitionRequest,
  options: ProjectOptions,
): Promise<ResolvedDefinition> {
  const { kinds, store: given, stateDir } = options;
  const root = typeof given === 'string' ? given : ownStore(stateDir);
  let opened: Promise<Store | undefined> | undefined;
  const store = async (): Promise<Store | undefined> => {
    if (typeof given === 'object') return given;
    // Where it cannot be asked, as in a test without credentials, nothing is known of earlier results.
    return (opened ??= lookIntoStore({ root, stateDir }).catch(() => undefined));
  };
  try {
    return await resolveDefinition(request, { atMs: Date.now() }, options, {
      bindSql: true,
      stored: (plan) => {
        let columns: ColumnsOfNow | undefined;
        return async (step) => {
          const there = await store();
          if (there === undefined) return undefined;
          columns ??= makeColumnsOfNow(plan, { kinds, store: there });
          return columns(step);
        };
      },
    });
  } finally {
    (await opened)?.close();
  }
}
