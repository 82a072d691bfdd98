/** A file of text as it is read: where it lies, how people know it, and what is noticed on the way. Pure types. */

/** A file as its bytes lie here, and as people know it. */
export type TextFile = { readonly path: string; readonly name: string };

/** What is written over the bytes of a text: its encoding, and whether they are the text as it is. */
export type TextFacts = {
  /** True: the file holds exactly these bytes, so that it can be read where it lies. */
  isAsItLies: boolean;
};
