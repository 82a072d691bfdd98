/** What is known of a table before anything runs. Pure types. */

/** A column; without a type only its name is known. */
export type ShapeColumn = { readonly name: string; readonly type?: string };

export type TableShape = {
  readonly columns: readonly ShapeColumn[];
  /** True: it may have more columns than these. */
  readonly isOpen: boolean;
};

/** What a kind may ask to tell the shapes of its own tables. */
export type KnownShapes = {
  /** The result of the query at a dotted option, such as `outputs.big`. */
  query(path: string): TableShape | undefined;
  /** A table that an option names: `step` or `step.output`. */
  table(name: string): TableShape | undefined;
};

/** Options that name columns (or whose keys do), and the option that names their table. `*` stands for the same in both. */
export type ColumnRole = {
  readonly at: string;
  readonly of: string;
  readonly keys?: true;
};
