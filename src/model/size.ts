/** Sizes as people write them ("20GB", "512 MiB") and as the code keeps them (bytes). Pure. */

import { UserError } from './errors.ts';

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
});

const SIZE = /^([0-9]+(?:\.[0-9]+)?) ?([kmgt]?i?b|)$/;

/** True for what `parseSize` takes. */
export function isSize(text: string): boolean {
  return bytesIn(text) !== undefined;
}

/** Bytes in a size such as "20GB" (1000s), "512MiB" (1024s) or "1048576". @throws UserError BAD_USAGE for anything else */
export function parseSize(text: string): number {
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  throw new UserError('BAD_USAGE', `'${text}' is not a size`, {
    hint: 'Write a number and a unit (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 20GB.',
  });
}

function bytesIn(text: string): number | undefined {
  const [, amount, unit] = SIZE.exec(text.trim().toLowerCase()) ?? [];
  const bytes = Math.round(Number(amount) * (UNITS[unit ?? 'none'] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const SHOWN = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size for people, in steps of 1000: "0 B", "812 B", "1.2 GB", "35 MB". */
export function formatSize(bytes: number): string {
  let [value, unit] = [Math.max(0, bytes), 0];
  while (value >= 999.5 && unit < SHOWN.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${SHOWN[unit]}`;
}
