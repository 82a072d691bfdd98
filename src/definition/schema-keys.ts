/** Which keys a zod schema allows at a path, so that an unknown key can be answered with the known ones. Pure. */

import { isNodeKey } from '../model/plan-nodes.ts';

import type { z } from 'zod';

import type { Path } from './located.ts';

/** What is read of a schema's definition, whatever its type. */
type Def = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly getter?: () => z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
};

/** Keys that a value at `path` may have; empty where any key is allowed or none is known. */
export function allowedKeys(schema: z.ZodType, path: Path): readonly string[] {
  let here = alternatives(schema);
  for (const key of path) here = here.flatMap((each) => inside(each, key).flatMap(alternatives));
  const keys = here.flatMap((each) => Object.keys((each.def as Def).shape ?? {}));
  // Nodes of the plan are made by the resolver; nobody writes them.
  return [...new Set(keys)].filter((key) => !isNodeKey(key));
}

/** The schemas that stand behind wrappers and unions. */
function alternatives(schema: z.ZodType): readonly z.ZodType[] {
  const def = schema.def as Def;
  if (def.options !== undefined) return def.options.flatMap(alternatives);
  if (def.getter !== undefined) return alternatives(def.getter());
  const inner = [def.innerType, def.in, def.out, def.left, def.right].filter(
    (each) => each !== undefined,
  );
  return inner.length > 0 ? inner.flatMap(alternatives) : [schema];
}

function inside(schema: z.ZodType, key: string | number): readonly z.ZodType[] {
  const def = schema.def as Def;
  const found = def.shape?.[String(key)] ?? def.valueType ?? def.element;
  return found === undefined ? [] : [found];
}
