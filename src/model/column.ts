/** A column of a table, as the query engine names its type. Pure type. */

export type Column = { readonly name: string; readonly type: string };
