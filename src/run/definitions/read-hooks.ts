/** The hooks of a job whose definition is broken or gone, as far as they can be read: who is told of that is mostly there. */

import { basename, dirname, join } from 'node:path';

import { hookProblems } from '../../definition/check-hooks.ts';
import { hooksOf, hooksSchema } from '../../definition/hooks.ts';
import { child } from '../../definition/located.ts';
import { shapeOf } from '../../definition/shape-problems.ts';
import { sourceOf } from '../../definition/source.ts';
import { PROJECT_FILE } from './project-file.ts';
import { findProjectRoot } from './project-root.ts';
import { readDefinitionFile } from './read-definition-file.ts';

import type { Hook } from '../../model/hook.ts';

/** Those of builder.yaml, then those of the job; none of a file in which they are wrong. `jobPath` is absolute. */
export async function readHooks(jobPath: string, cwd: string): Promise<readonly Hook[]> {
  const root = findProjectRoot({ job: jobPath, cwd });
  return [
    ...(root === undefined ? [] : await hooksIn(join(root, PROJECT_FILE))),
    ...(await hooksIn(jobPath)),
  ];
}

async function hooksIn(path: string): Promise<readonly Hook[]> {
  const file = await readDefinitionFile(path, path).catch(() => undefined);
  const hooks = child(file === undefined ? undefined : sourceOf(file).root, 'hooks');
  if (hooks === undefined || hookProblems(hooks).length > 0) return [];
  const { value } = shapeOf(hooksSchema, hooks, { what: '' });
  return hooksOf(value, basename(path), dirname(path));
}
