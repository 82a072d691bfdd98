/** What the model must know about a kind to check and resolve its options. Pure; the kinds themselves fit it. */

import type { z } from 'zod';
import type { KnownParts, KnownTable, KnownTables, OptionTrouble } from '../model/known-table.ts';

/** A kind without the part that runs. Options arrive as the plan holds them, nodes included. */
export type KindSpec = {
  readonly kind: string;
  /** One sentence for docs and editors. */
  readonly summary: string;
  readonly schema: z.ZodType;
  /** Dotted patterns of options, `*` is any key or index. */
  readonly roles?: {
    readonly sql?: readonly string[];
    readonly tables?: readonly string[];
    readonly secrets?: readonly string[];
    readonly paths?: readonly string[];
    readonly texts?: readonly string[];
    readonly types?: readonly string[];
    readonly conditions?: Readonly<Record<string, string>>;
  };
  /** True: it does nothing but read its sources, and tells of its progress. */
  readonly onlyReads?: true;
  /** Names of the outputs these options give; undefined: not known before it runs. */
  outputs?(options: never): readonly string[] | undefined;
  /** Names of the values these options give; undefined: not known before it runs. */
  values?(options: never): readonly string[] | undefined;
  /** Paths in the delivery these options give. */
  exports?(options: never): readonly string[];
  /** Columns of outputs, by name, as far as they follow from the options and what they name. */
  columns?(options: never, known: KnownParts): Readonly<Record<string, KnownTable | undefined>>;
  /** What is wrong with the options on tables whose columns are known. */
  checkOptions?(options: never, tables: KnownTables): readonly OptionTrouble[];
  /** False: the result is never taken from an earlier run. */
  reusable?(options: never): boolean;
};
