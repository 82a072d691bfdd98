/** Reads a job and its profiles from disk, checks them, and answers the plan. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { expandGlobs, literalFolder } from '../activities/expand-globs.ts';
import { canonicalJson } from '../model/canonical.ts';
import { checkDefinition, sorted } from '../definition/check.ts';
import { UserError } from '../model/errors.ts';
import { child, textOf } from '../definition/located.ts';
import { readSource } from '../definition/source.ts';
import { didYouMean } from '../model/suggest.ts';

import type { DefinitionFile } from '../definition/check.ts';
import type { Problem } from '../model/errors.ts';
import type { KindSpec } from '../definition/kind-spec.ts';
import type { Located } from '../definition/located.ts';
import type { Json } from '../model/json.ts';
import type { Plan } from '../model/plan.ts';

export type DefinitionRequest = {
  readonly jobPath: string;
  /** Name, or a path that ends in .yaml or .yml; default: the one the job names. */
  readonly profile?: string;
  /** `name=text` for each `--param`. */
  readonly params: readonly string[];
  readonly date: string;
  readonly cwd: string;
  readonly kinds: readonly KindSpec[];
};

export type Definition = {
  readonly plan: Omit<Plan, 'run'>;
  readonly planSha256: string;
  readonly origins: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly jobPath: string;
  readonly profilePath: string;
  readonly jobDir: string;
};

/** A definition that could not be used, with the texts for showing where. */
export class DefinitionError extends UserError {
  readonly texts: ReadonlyMap<string, string>;

  constructor(problems: readonly Problem[], texts: ReadonlyMap<string, string>) {
    const many = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(problems[0]?.code ?? 'BAD_VALUE', `${many} in the definition`, { problems });
    this.texts = texts;
  }
}

/** Reads and checks. @throws DefinitionError with every problem, UserError FILE_NOT_FOUND for the job itself */
export async function loadDefinition(request: DefinitionRequest): Promise<Definition> {
  const { cwd } = request;
  const jobPath = resolve(cwd, request.jobPath);
  const jobDir = dirname(jobPath);
  const shown = (path: string): string => {
    const short = relative(cwd, path);
    return short.startsWith('..') ? path : short;
  };
  const texts = new Map<string, string>();
  const read = async (path: string): Promise<DefinitionFile | undefined> => {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    texts.set(shown(path), text);
    return { path: shown(path), text };
  };

  const job = await read(jobPath);
  if (job === undefined) {
    throw new UserError(
      'FILE_NOT_FOUND',
      `the job file ${request.jobPath} does not exist or cannot be read`,
      {
        hint: 'Give it with --job; it is a YAML file such as jobs/standard.yaml.',
      },
    );
  }
  const problems: Problem[] = [];
  const jobRoot = readSource(job.path, job.text).root;
  const named = child(jobRoot, 'profile');
  const name = request.profile ?? textOf(named);
  const chain = await profileChain(name, named, {
    job,
    jobDir,
    cwd,
    read,
    problems,
    given: request.profile !== undefined,
  });
  const checked = checkDefinition({
    job,
    profiles: chain.files,
    kinds: request.kinds,
    given: paramTexts(request.params),
    date: request.date,
    resolvePath: (path) => resolve(literalFolder(jobDir), path),
    complete: !chain.broken,
  });
  problems.push(...checked.problems, ...(await pathProblems(checked.paths)));
  const all = sorted(problems);
  if (checked.plan === undefined || all.length > 0) throw new DefinitionError(all, texts);
  return {
    plan: checked.plan,
    planSha256: createHash('sha256').update(canonicalJson(checked.plan)).digest('hex'),
    origins: checked.origins,
    jobPath,
    profilePath: chain.path ?? '',
    jobDir,
  };
}

/**
 * The plan of a definition that a program has as data; relative paths are relative to `cwd`.
 * @throws DefinitionError with every problem; `job` and `profile` stand for the files
 */
export async function planOfDocuments(
  { job, profile }: { readonly job: Json; readonly profile: Json },
  about: Pick<DefinitionRequest, 'kinds' | 'cwd' | 'date' | 'params'>,
): Promise<Definition['plan']> {
  // JSON is YAML.
  const text = (value: Json): string => JSON.stringify(value, null, 2);
  const chain = Array.isArray(profile) ? (profile as readonly Json[]) : [profile];
  const files = chain.map((one, i) => ({
    path: i === chain.length - 1 ? 'profile' : `profile ${i + 1}`,
    text: text(one),
  }));
  const jobFile = { path: 'job', text: text(job) };
  const checked = checkDefinition({
    job: jobFile,
    profiles: files,
    kinds: about.kinds,
    given: paramTexts(about.params),
    date: about.date,
    resolvePath: (path) => resolve(literalFolder(about.cwd), path),
    complete: true,
  });
  const problems = [...checked.problems, ...(await pathProblems(checked.paths))];
  if (checked.plan === undefined || problems.length > 0) {
    const texts = new Map([jobFile, ...files].map((file) => [file.path, file.text]));
    throw new DefinitionError(sorted(problems), texts);
  }
  return checked.plan;
}

/** Inputs that are not there. */
async function pathProblems(
  paths: ReturnType<typeof checkDefinition>['paths'],
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { at, path } of paths) {
    await expandGlobs([path]).catch((error: Error) => {
      const hint = 'Paths are relative to the job file.';
      problems.push({ code: 'FILE_NOT_FOUND', ...at, message: error.message, hint });
    });
  }
  return problems;
}

type Around = {
  readonly job: DefinitionFile;
  readonly jobDir: string;
  readonly cwd: string;
  /** The name comes from the command line. */
  readonly given: boolean;
  readonly read: (path: string) => Promise<DefinitionFile | undefined>;
  readonly problems: Problem[];
};

/** The profile and those it extends, base first. */
async function profileChain(
  name: string | undefined,
  named: Located | undefined,
  around: Around,
): Promise<{ files: readonly DefinitionFile[]; path: string | undefined; broken: boolean }> {
  const { job, problems } = around;
  if (name === undefined) {
    const message = "no profile is given; the job has no key 'profile'";
    problems.push({
      code: 'MISSING_KEY',
      file: job.path,
      line: 1,
      column: 1,
      message,
      hint: 'Give --profile name.',
    });
    return { files: [], path: undefined, broken: true };
  }
  const files: DefinitionFile[] = [];
  const seen: string[] = [];
  let wanted = name;
  let folder = around.jobDir;
  let at =
    around.given || named === undefined
      ? { file: `--profile ${name}`, line: 0, column: 0 }
      : named.at;
  let top: string | undefined;
  for (;;) {
    const places = placesOf(wanted, folder, around);
    let found: { file: DefinitionFile; path: string } | undefined;
    for (const path of places) {
      const file = await around.read(path);
      if (file !== undefined) {
        found = { file, path };
        break;
      }
    }
    if (found === undefined) {
      const message = `the profile '${wanted}' was not found; looked for ${places.join(', ')}`;
      const hint = didYouMean(wanted, await neighbours(places));
      problems.push({
        code: 'FILE_NOT_FOUND',
        ...at,
        message,
        ...(hint !== undefined && { hint }),
      });
      return { files, path: top, broken: true };
    }
    if (seen.includes(found.path)) {
      const names = [...seen.slice(seen.indexOf(found.path)), found.path].map((path) =>
        basename(path),
      );
      problems.push({
        code: 'EXTENDS_CYCLE',
        ...at,
        message: `profiles extend each other in a circle: ${names.join(' -> ')}`,
      });
      return { files, path: top, broken: true };
    }
    seen.push(found.path);
    top ??= found.path;
    files.unshift(found.file);
    const base = child(readSource(found.file.path, found.file.text).root, 'extends');
    const next = textOf(base);
    if (base === undefined || next === undefined) return { files, path: top, broken: false };
    wanted = next;
    folder = dirname(found.path);
    at = base.at;
  }
}

/** Where a profile may lie: a path as it is; a name beside who asks, or in a `profiles` folder. */
function placesOf(
  wanted: string,
  folder: string,
  { cwd, jobDir, given }: Around,
): readonly string[] {
  if (/\.ya?ml$/.test(wanted)) {
    const fromCwd = resolve(cwd, wanted);
    const fromFolder = resolve(folder, wanted);
    return [...new Set(given && folder === jobDir ? [fromCwd, fromFolder] : [fromFolder, fromCwd])];
  }
  const file = `${wanted}.yaml`;
  return [
    ...new Set([
      join(folder, '..', 'profiles', file),
      join(folder, file),
      join(jobDir, '..', 'profiles', file),
      join(cwd, 'profiles', file),
    ]),
  ];
}

async function neighbours(places: readonly string[]): Promise<readonly string[]> {
  const { readdir } = await import('node:fs/promises');
  const lists = await Promise.all(places.map((path) => readdir(dirname(path)).catch(() => [])));
  return lists
    .flat()
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -5));
}

function paramTexts(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at <= 0) {
        throw new UserError('BAD_PARAM', `--param ${word} is not of the form name=value`);
      }
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
