/** What is told when a run has ended, to whom, and which words of the message a template can name. Pure. */

import type { Json } from './json.ts';

/** `recovery`: the first good run after a bad one of the same job, profile and partition. */
export const HOOK_EVENTS = ['failure', 'success', 'recovery'] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

export const HOOK_FORMATS = ['json', 'slack', 'teams'] as const;
export type HookFormat = (typeof HOOK_FORMATS)[number];

/** What `${{ ... }}` can name in a body, an argument or a variable of a hook. */
export const HOOK_WORDS = [
  'hook.event',
  'hook.key',
  'message.title',
  'message.text',
  'job.name',
  'profile.name',
  'partition.id',
  'run.id',
  'run.status',
  'run.started_at',
  'run.finished_at',
  'run.duration',
  'run.log',
  'run.out',
  'run.resume',
  'run.url',
  'failure.step',
  'failure.code',
  'failure.message',
] as const;
export type HookWord = (typeof HOOK_WORDS)[number];

/** A post. Texts are templates as they were written: secrets in them are looked up when it is sent. */
export type HttpHook = {
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent: a form of ours, or a text or document with references. */
  readonly content: { readonly format: HookFormat } | { readonly body: Json };
};

/** A program, which gets the message on its standard input. */
export type CommandHook = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: 'json' | 'text';
  /** The folder of the file that names it; absolute. */
  readonly cwd: string;
};

export type Hook = {
  /** What tells it from the others of a run, such as `builder.yaml on_failure 1`. */
  readonly id: string;
  readonly on: HookEvent;
  readonly timeoutMs: number;
} & ({ readonly http: HttpHook } | { readonly command: CommandHook });
