/** The kinds, one line each. May import the step contract, the model, zod and DuckDB. */

import type { AnyStepDefinition } from '../step.ts';

export const KINDS: readonly AnyStepDefinition[] = Object.freeze([]);
