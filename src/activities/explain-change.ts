/** Says exactly what differs between two fingerprints, in words. Pure. */

import type { Ingredients } from './fingerprint.ts';
import type { Json } from '../model/plan.ts';

/** One line for each difference; empty if there is none. */
export function explainChange(before: Ingredients, after: Ingredients): readonly string[] {
  const lines: string[] = [];
  if (before.kind !== after.kind) lines.push(`kind: ${before.kind} -> ${after.kind}`);
  if (before.version !== after.version) {
    lines.push(`version of ${after.kind}: ${before.version} -> ${after.version}`);
  }
  lines.push(...differences('options', before.options, after.options));
  const old = new Map(before.sources.map((source) => [source.name, source.sha256]));
  const now = new Map(after.sources.map((source) => [source.name, source.sha256]));
  for (const [name, sha256] of now) {
    if (!old.has(name)) lines.push(`file ${name} is new`);
    else if (old.get(name) !== sha256) lines.push(`file ${name} has other content`);
  }
  for (const name of old.keys()) if (!now.has(name)) lines.push(`file ${name} is gone`);
  for (const step of new Set([...Object.keys(before.inputs), ...Object.keys(after.inputs)])) {
    const [was, is] = [before.inputs[step], after.inputs[step]];
    if (was === undefined) lines.push(`it now reads ${step}`);
    else if (is === undefined) lines.push(`it no longer reads ${step}`);
    else if (JSON.stringify(was) !== JSON.stringify(is))
      lines.push(`the result of ${step} is another`);
  }
  return lines;
}

function differences(path: string, before: Json | undefined, after: Json | undefined): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isMapping(before) && isMapping(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(`${path}.${key}`, before[key], after[key]));
  }
  return [`${path}: ${shown(before)} -> ${shown(after)}`];
}

function isMapping(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
