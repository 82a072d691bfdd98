/** What is known of a table before anything runs. Pure type. */

export type KnownTable = {
  /** Columns that are known to be there; a type is as it was written, undefined where it is not known. */
  readonly columns: readonly { readonly name: string; readonly type: string | undefined }[];
  /** True: there are no others. */
  readonly isAll: boolean;
};

/** What a kind may ask to tell the columns of its own tables; undefined where nobody knows. */
export type KnownParts = {
  /** The result of the query at a dotted option, such as `outputs.big`. */
  query(path: string): KnownTable | undefined;
  /** A table that an option names: `step` or `step.output`. */
  table(name: string): KnownTable | undefined;
};

/** By `step` or `step.output`; what is not known is not there. */
export type KnownTables = Readonly<Record<string, KnownTable>>;

/** Something wrong with options, by its path inside them. */
export type OptionTrouble = {
  readonly path: readonly (string | number)[];
  readonly message: string;
};
