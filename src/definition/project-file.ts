/** builder.yaml: what the jobs of a project have in common. Its shape only. Pure. */

import { z } from 'zod';

import { duration, limitName } from './definition-types.ts';
import { hooksSchema } from './hooks.ts';
import { isSize } from '../model/size.ts';

const path = () => z.string().min(1);

/** Words that come later: nothing else takes their place until then. */
export const TAKEN: Readonly<Record<string, string>> = Object.freeze({
  kinds: 'folders of your own kinds',
  connections: 'databases and services by name',
});

/** Each is looked at by who waits. */
const MOST_PLACES = 1000;

/** Shape of builder.yaml; paths are relative to it. */
export const projectSchema = z.strictObject({
  jobs: z
    .array(path())
    .min(1)
    .optional()
    .describe('The job files of the project: paths and globs. Default: jobs/*.yaml.'),
  profiles: z
    .array(path())
    .min(1)
    .optional()
    .describe('Folders where a profile is looked for by its name, after the usual places.'),
  store: path()
    .optional()
    .describe(
      'Where artifacts and results lie, as --store: a folder, or s3://bucket/prefix. Default: in the state folder.',
    ),
  state_dir: path()
    .optional()
    .describe('Folder of the records and the engine, as --state-dir. Default: .builder.'),
  limits: z
    .record(limitName(), z.int().min(1).max(MOST_PLACES))
    .optional()
    .describe(
      'How many attempts may go on at once of all steps with this uses_limit, over all runs of the store.',
    ),
  hooks: hooksSchema.optional().describe('Who is told when a run of any job has ended.'),
  retention: z
    .strictObject({
      older_than: duration()
        .optional()
        .describe('Only what is older goes, as --older-than, such as 30d.'),
      keep_runs: z
        .int()
        .min(0)
        .max(1_000_000)
        .optional()
        .describe('So many of the newest runs of each job and profile stay, as --keep-runs.'),
      max_size: z
        .string()
        .refine(isSize, {
          error: 'not a size; expected a number and a unit (kB, MB, GB, TB, KiB, ...) such as 20GB',
        })
        .optional()
        .describe('The oldest go until state folder and store fit, as --max-size, such as 20GB.'),
    })
    .optional()
    .describe('What `prune` keeps where its flags say nothing.'),
});
export type ProjectDefinition = z.infer<typeof projectSchema>;
