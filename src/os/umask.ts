/** What the user's umask leaves of a mode, for a file that is given its mode after it was made. */

let mask: number | undefined;

/** `mode` without the bits that the umask takes away. */
export function byUmask(mode: number): number {
  // To ask for it is to set it and to set it back: once, before other threads make files.
  mask ??= process.umask();
  return mode & ~mask;
}
