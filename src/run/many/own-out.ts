/** Where a job is delivered when nobody says so: as its schedule has it, else `out/<job>` in its project. */

import { dirname, join, resolve } from 'node:path';

import { child, textOf } from '../../definition/located.ts';
import { sourceOf } from '../../definition/source.ts';
import { findProjectRoot } from '../definitions/project-root.ts';
import { readDefinitionFile } from '../definitions/read-definition-file.ts';
import { namesIn } from '../one/record-refused.ts';

export type OwnOut = { readonly job: string; readonly out: string };

/** Absolute, with the name of the job. A file that cannot be read is called after its path. */
export async function ownOut(jobFile: string, cwd: string): Promise<OwnOut> {
  const path = resolve(cwd, jobFile);
  const file = await readDefinitionFile(path, jobFile).catch(() => undefined);
  const root = file === undefined ? undefined : sourceOf(file).root;
  const said = textOf(child(child(root, 'schedule'), 'out'));
  const { job } = await namesIn(path, jobFile);
  if (said !== undefined) return { job, out: resolve(dirname(path), said) };
  const project = findProjectRoot({ job: path, cwd }) ?? dirname(path);
  return { job, out: join(project, 'out', job) };
}
