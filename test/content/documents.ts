/** Reads the project's documents: their links, anchors, and the files they show in full. */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SKIPPED = new Set(['node_modules', 'dist', 'out', 'coverage']);

/** Every Markdown file of the project, as paths relative to its root. */
export async function markdownFiles(folder = ''): Promise<readonly string[]> {
  const entries = await readdir(ROOT + folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.') && !SKIPPED.has(entry.name))
      .map(async (entry) => {
        const path = folder + entry.name;
        if (entry.isDirectory()) return markdownFiles(`${path}/`);
        return entry.name.endsWith('.md') ? [path] : [];
      }),
  );
  return found.flat();
}

export async function readDocument(path: string): Promise<string> {
  return readFile(ROOT + path, 'utf8');
}

/** Targets of the links in a document that point into the project: `path`, `path#anchor` or `#anchor`. */
export function innerLinks(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors a renderer makes from the headings of a document. */
export function anchors(markdown: string): ReadonlySet<string> {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Files a document shows in full: a line that is nothing but a bold path, then a code block. */
export function shownFiles(markdown: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...markdown.matchAll(/^\*\*`([^`\n]+)`\*\*\n\n```\w*\n([\s\S]*?)^```$/gm)].map(
      ([, path, text]) => [path!, text!],
    ),
  );
}

/** YAML files a document shows in part of its prose: code blocks whose first line is `# path.yaml: ...`. */
export function sketchedFiles(markdown: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...markdown.matchAll(/^```yaml\n(# (\S+\.yaml)[:\n][\s\S]*?)^```$/gm)].map(
      ([, text, path]) => [path!, text!],
    ),
  );
}
