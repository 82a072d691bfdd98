/** The names of a journal's files. */

import { join } from 'node:path';

const SEGMENT = /^(\d{8})\.log$/;
const TABLE = /^(\d{8})-[0-9a-f]+\.table$/;

/** Segments count from 1. */
export function segmentPath(folder: string, number: number): string {
  return join(folder, `${digits(number)}.log`);
}

/** A table made for a turn of the ledger; `unique` tells those apart that were made for the same one. */
export function tableName(turn: number, unique: string): string {
  return `${digits(turn)}-${unique}.table`;
}

/** The number of a segment, by its file name. */
export function segmentOf(name: string): number | undefined {
  return numberIn(SEGMENT, name);
}

/** The turn a table was made for, by its file name. */
export function turnOf(name: string): number | undefined {
  return numberIn(TABLE, name);
}

function numberIn(pattern: RegExp, name: string): number | undefined {
  const digitsOf = pattern.exec(name)?.[1];
  return digitsOf === undefined ? undefined : Number(digitsOf);
}

function digits(number: number): string {
  return String(number).padStart(8, '0');
}
