/** Which keys a project's payloads are written and read with: those it is given, and that of its state folder. */

import { UserError } from '../../model/errors.ts';
import { isOpenToOthers, keyOfStateFolder, readPayloadKeys } from '../../payloads/keys.ts';

import type { OrderKey } from '../../orders/key.ts';
import type { PayloadKey, PayloadKeys } from '../../payloads/keys.ts';
import type { ProjectOptions } from '../project-options.ts';
import type { Tell } from '../project-events.ts';

/** The keys a project is given; none for most. @throws UserError PAYLOAD_KEY_UNUSABLE, BAD_USAGE */
export async function givenPayloadKeys(
  { engine = {}, env = {} }: Pick<ProjectOptions, 'engine' | 'env'>,
  tell: Tell,
): Promise<readonly PayloadKey[]> {
  const { payloadKeyFile: file, payloadKeyCommand: command, clearPayloads } = engine;
  const ways = [file, command, clearPayloads === true ? 'clear' : undefined];
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw new UserError(
      'BAD_USAGE',
      'of --payload-key-file, --payload-key-command and --clear-payloads only one can be given',
      { hint: 'Each also has a variable (BUILDER_PAYLOAD_KEY_FILE and so on). Is one set?' },
    );
  }
  const keys = await readPayloadKeys({ file, command }, env);
  if (file !== undefined && isOpenToOthers(file)) {
    tell({ type: 'said', text: `every user of this machine can read the payload keys in ${file}` });
  }
  return keys;
}

/**
 * What to write and read with. `secret` is that of the state folder, if it has one. The embedded engine is open to
 * every user of the machine, so it is never given anything in clear unless that was asked for.
 */
export function payloadKeysOf(
  given: readonly PayloadKey[],
  about: {
    readonly secret: OrderKey | undefined;
    /** The engine is that of the state folder, however it is reached. */
    readonly isEmbedded: boolean;
    readonly inClear: boolean;
  },
): PayloadKeys {
  const { secret, isEmbedded, inClear } = about;
  const ofFolder = secret === undefined ? undefined : keyOfStateFolder(secret);
  const known = ofFolder === undefined ? given : [...given, ofFolder];
  if (inClear) return { known };
  return { own: given[0] ?? (isEmbedded ? ofFolder : undefined), known };
}
