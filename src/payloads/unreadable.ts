/** How it is known that a payload was encrypted with a key that is not at hand. Imports nothing: it is asked before the SDK is loaded. */

/** The type of such a failure, in clear wherever it goes. */
export const UNREADABLE = 'PAYLOAD_KEY_MISSING';

/** True for what the codec throws. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'type' in error && error.type === UNREADABLE;
}
