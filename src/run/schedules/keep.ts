/**
 * Keeps Temporal's schedules as the job files of a project say, while somebody serves it. A file that cannot be read
 * leaves its schedule as it is, and is told once until it changes.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { problemLine } from '../../definition/render-problems.ts';
import { openOrderKey } from '../../orders/key.ts';
import { PROJECT_FILE } from '../definitions/project-file.ts';
import { applySchedules } from './apply.ts';
import { readProjectSchedules } from './project-schedules.ts';
import { rememberAlive } from './remembered.ts';
import { watchFiles } from './watch-files.ts';

import type { Link } from '../worker/link.ts';
import type { ProjectOptions } from '../project-options.ts';
import type { Tell } from '../project-events.ts';
import type { Applied } from './difference.ts';
import type { ProjectSchedules } from './project-schedules.ts';

export type KeptSchedules = {
  /** Schedules that the engine had forgotten: its database is another than before. */
  readonly lost: readonly Applied[];
  close(): Promise<void>;
};

/** Applies them, and again when files change. Answers when they are applied for the first time. */
export async function keepSchedules(
  link: Link,
  options: Pick<ProjectOptions, 'stateDir' | 'engine' | 'cwd'>,
  tell: Tell,
): Promise<KeptSchedules> {
  const { stateDir, cwd = process.cwd() } = options;
  const client = await link.client();
  const key = openOrderKey(stateDir);
  let isClosed = false;
  let seen: string | undefined;
  let told = '';
  const remarked = new Set<string>();
  let looking: Promise<readonly Applied[]> | undefined;
  let again = false;

  async function look(): Promise<readonly Applied[]> {
    const project = await readProjectSchedules(cwd);
    watcher.folders(foldersOf(project));
    const state = signatureOf(project);
    if (state === seen) {
      if (link.engine.kind === 'embedded') await rememberAlive(stateDir, client, key);
      return [];
    }
    const problems = [...project.unknown, ...project.problems].map(problemLine);
    if (problems.join('\n') !== told) {
      told = problems.join('\n');
      const stays = 'what was declared before stays';
      for (const line of problems) tell({ type: 'said', text: `${line} (${stays})` });
    }
    if (project.unknown.length > 0) {
      seen = state;
      return [];
    }
    const applied = await applySchedules(link, project, options);
    // What Temporal did not take is tried again.
    if (applied.every(({ failed }) => failed === undefined)) seen = state;
    const shown = applied.filter(({ change }) => change !== 'none' && change !== 'keep');
    if (shown.length > 0) tell({ type: 'schedules', changes: shown });
    for (const remark of project.remarks) {
      if (!remarked.has(remark)) tell({ type: 'said', text: `remark: ${remark}` });
      remarked.add(remark);
    }
    return applied;
  }

  /** One look at a time; what changes meanwhile is looked at afterwards. */
  function lookSoon(): void {
    if (isClosed) return;
    if (looking !== undefined) {
      again = true;
      return;
    }
    looking = look()
      .catch((error: unknown) => {
        if (!isClosed) {
          const text = `the schedules could not be looked at: ${(error as Error).message}`;
          tell({ type: 'said', text });
        }
        return [];
      })
      .finally(() => {
        looking = undefined;
        if (again) lookSoon();
        again = false;
      });
  }

  const watcher = watchFiles(lookSoon);
  try {
    const applied = await look();
    return {
      lost: applied.filter(({ lost, failed }) => lost === true && failed === undefined),
      close: async () => {
        isClosed = true;
        watcher.close();
        await looking;
      },
    };
  } catch (error) {
    watcher.close();
    throw error;
  }
}

/** Where files come and go that say which schedules there are. */
function foldersOf({ root, files }: ProjectSchedules): readonly string[] {
  return [...new Set([root, join(root, 'jobs'), ...files.map((file) => dirname(file))])];
}

/** Another text whenever a file that matters is another. */
function signatureOf({ root, files, texts }: ProjectSchedules): string {
  const paths = [join(root, PROJECT_FILE), ...files];
  const stats = paths.map((path) => {
    const info = statSync(path, { throwIfNoEntry: false });
    return `${path} ${info?.mtimeMs ?? 0} ${info?.size ?? 0} ${info?.ino ?? 0}`;
  });
  return [...stats, ...texts.values()].join('\n');
}
