/** Names of columns that SQL can tell apart, made of the names that stand in a file. Pure. */

/**
 * A name for each column, as it stands wherever it can: an empty one becomes `column_3` by its place, a repeated one
 * (letters of any case are equal) `name_1`, `name_2`; none of them meets a name that the file has elsewhere.
 */
export function namesOf(given: readonly string[]): readonly string[] {
  const taken = new Set(given.map(keyOf));
  const used = new Set<string>();
  return given.map((name, i) => {
    if (name !== '' && !used.has(keyOf(name))) {
      used.add(keyOf(name));
      return name;
    }
    const base = name === '' ? `column_${i + 1}` : name;
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
