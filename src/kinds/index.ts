/** The kinds, one line each. May import the step contract, the model, zod and DuckDB. */

import { checkTable } from './check-table.ts';
import { collectFiles } from './collect-files.ts';
import { execCommand } from './exec-command.ts';
import { exportDataset } from './export-dataset.ts';
import { transformSql } from './transform-sql.ts';

import type { AnyStepDefinition } from './contract.ts';

export const KINDS: readonly AnyStepDefinition[] = Object.freeze([
  collectFiles,
  transformSql,
  checkTable,
  exportDataset,
  execCommand,
]);
