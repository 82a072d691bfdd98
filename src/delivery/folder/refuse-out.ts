/** Why a delivery does not go to a folder: what lies there is not of its kind, and nothing of it is touched. */

import { UserError } from '../../model/errors.ts';
import { inspectOut } from './inspect-out.ts';

/** @throws UserError OUT_NOT_OURS, OUT_OTHER_FORM unless a delivery as a whole can go to `out`; `shown` is its name for people */
export async function refuseForWhole(
  out: string,
  shown: string,
  { hint }: { readonly hint?: string } = {},
): Promise<void> {
  const found = await inspectOut(out);
  if (found.state === 'foreign') throw notOurs(shown, found, hint);
  if (found.state !== 'partitions') return;
  throw new UserError(
    'OUT_OTHER_FORM',
    `${shown} holds partitions of job ${found.manifest.job}, and this run makes a delivery as a whole; nothing was touched`,
    { hint: 'Give another --out, or move the partitions away.' },
  );
}

/** @throws UserError OUT_NOT_OURS, OUT_OTHER_FORM unless partitions of a job can go to `base` */
export async function refuseForPartitions(base: string, job: string, shown: string): Promise<void> {
  const found = await inspectOut(base);
  if (found.state === 'foreign') throw notOurs(shown, found);
  if (found.state === 'ours') {
    throw new UserError(
      'OUT_OTHER_FORM',
      `${shown} holds a delivery of job ${found.manifest.job} as a whole, and this run makes one partition; nothing was touched`,
      { hint: 'Give another --out, or move that delivery away.' },
    );
  }
  if (found.state !== 'partitions' || found.manifest.job === job) return;
  throw new UserError(
    'OUT_NOT_OURS',
    `${shown} holds the partitions of another job, ${found.manifest.job}; nothing was touched`,
    { hint: 'Give another --out.' },
  );
}

function notOurs(
  shown: string,
  { isFile }: { readonly isFile?: true },
  hint = 'Give another --out: a folder that is new or empty, or that holds an earlier delivery.',
): UserError {
  const is = isFile ? 'is a file, and no folder' : 'is not empty and was not made by a delivery';
  const message = `${shown} ${is}; nothing was touched`;
  return new UserError('OUT_NOT_OURS', message, { hint });
}
