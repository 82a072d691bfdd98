/** Names of columns that SQL can tell apart, made of the names that stand in files. Pure. */

/** A column of the whole: the name that stands in the files, its place in the first of them, how often it stood before there. */
type Named = { readonly given: string; readonly place: number; readonly nth: number };

/**
 * A name for each column of each file, as it stands wherever it can: an empty one becomes `column_3` by its place, a
 * repeated one (letters of any case are equal) `name_1`, `name_2`. A name so made meets none that stands in any file, and
 * what is one column has one name in all of them: that of the same letters, else that of letters in another case.
 */
export function alignedNames(
  files: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  const united: Named[] = [];
  const exact = new Map<string, number>();
  const anyCase = new Map<string, number[]>();
  const columns = files.map((given) => {
    const counts = new Map<string, number>();
    const marks = given.map((name, place) => {
      // What has no name is told by its place.
      const nth = name === '' ? place : (counts.get(name) ?? 0);
      counts.set(name, nth + 1);
      return { name, place, nth, mark: `${nth} ${name}` };
    });
    const found = marks.map(({ mark }) => exact.get(mark));
    const claimed = new Set(found);
    return marks.map(({ name, place, nth, mark }, i) => {
      if (found[i] !== undefined) return found[i];
      const like = anyCase.get(keyOf(mark)) ?? [];
      const other = name === '' ? undefined : like.find((at) => !claimed.has(at));
      const at = other ?? united.push({ given: name, place, nth }) - 1;
      claimed.add(at);
      if (other === undefined) {
        exact.set(mark, at);
        anyCase.set(keyOf(mark), [...like, at]);
      }
      return at;
    });
  });
  const names = unique(united);
  return columns.map((places) => places.map((at) => names[at]!));
}

/** The names of one file's columns. */
export function namesOf(given: readonly string[]): readonly string[] {
  return alignedNames([given])[0]!;
}

function unique(columns: readonly Named[]): readonly string[] {
  const taken = new Set(columns.map(({ given }) => keyOf(given)));
  const used = new Set<string>();
  return columns.map(({ given, place }) => {
    if (given !== '' && !used.has(keyOf(given))) {
      used.add(keyOf(given));
      return given;
    }
    const base = given === '' ? `column_${place + 1}` : given;
    const free = (candidate: string): boolean =>
      !taken.has(keyOf(candidate)) && !used.has(keyOf(candidate));
    let made = base;
    for (let n = 1; !free(made); n += 1) made = `${base}_${n}`;
    used.add(keyOf(made));
    return made;
  });
}

/** What two names have in common that SQL does not tell apart. */
export function keyOf(name: string): string {
  return name.toLowerCase();
}
