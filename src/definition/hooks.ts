/** The key `hooks` of builder.yaml and of a job: who is told when a run has ended. Its shape, and its plain form. Pure. */

import { z } from 'zod';

import { HOOK_EVENTS, HOOK_FORMATS } from '../model/hook.ts';
import { parseDuration } from '../model/duration.ts';
import { definitionName, duration } from './definition-types.ts';
import { hasReference } from './reference.ts';

import type { Hook, HookEvent } from '../model/hook.ts';
import type { Json } from '../model/json.ts';

/** How long one try may take where nothing is said. */
const DEFAULT_TIMEOUT = '10s';

const http = z
  .strictObject({
    url: z
      .string()
      .superRefine((text, ctx) => {
        const message = hasReference(text) ? undefined : wrongUrl(text);
        if (message !== undefined) ctx.addIssue({ code: 'custom', message });
      })
      .describe('Where it is posted to; mostly a secret: ${{ secrets.NAME }}.'),
    method: z.enum(['POST', 'PUT', 'PATCH']).optional().describe('Default: POST.'),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header'),
        z.string().regex(/^[^\r\n]*$/, 'a header is one line'),
      )
      .optional()
      .describe('Headers beside those of the format; values may hold ${{ secrets.NAME }}.'),
    format: z
      .enum(HOOK_FORMATS)
      .optional()
      .describe('What is posted: json (default), or the form that Slack or Teams takes.'),
    body: z
      .unknown()
      .optional()
      .describe(
        'What is posted instead: a text, or a mapping or list that goes as JSON, with references.',
      ),
  })
  .refine((each) => each.format === undefined || each.body === undefined, {
    error: "'format' and 'body' exclude each other; give one of them",
    path: ['body'],
  });

const hook = z
  .strictObject({
    name: definitionName().optional().describe('What it is called in messages.'),
    http: http.optional().describe('A post of the message.'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('A program and its arguments; it gets the message on its standard input.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected a variable'), z.string())
      .optional()
      .describe('Variables of the program; values may hold ${{ secrets.NAME }}.'),
    stdin: z
      .enum(['json', 'text'])
      .optional()
      .describe('What the program gets: the message as JSON (default), or its text.'),
    timeout: duration({ minMs: 100, maxMs: 60_000, range: '100ms to 1m' })
      .optional()
      .describe(`How long one try may take. Default: ${DEFAULT_TIMEOUT}.`),
  })
  .refine((each) => (each.http === undefined) !== (each.command === undefined), {
    error: "a hook has exactly one of 'http' and 'command'",
  })
  .refine(
    (each) =>
      each.command !== undefined ||
      each.http === undefined ||
      (each.env === undefined && each.stdin === undefined),
    { error: "'env' and 'stdin' belong to a command" },
  );

/** Shape of `hooks`. */
export const hooksSchema = z.strictObject({
  on_failure: z
    .array(hook)
    .optional()
    .describe('A run ended, and neither OK nor WARN nor cancelled by somebody.'),
  on_success: z.array(hook).optional().describe('A run ended OK or WARN.'),
  on_recovery: z
    .array(hook)
    .optional()
    .describe('The first good run after a bad one of the same job, profile and partition.'),
});
type Hooks = z.infer<typeof hooksSchema>;

/** The hooks of a file, each with an id of its own. `file`: its name in ids; `folder`: where commands start. */
export function hooksOf(hooks: Hooks | undefined, file: string, folder: string): readonly Hook[] {
  return HOOK_EVENTS.flatMap((on) =>
    (hooks?.[`on_${on}`] ?? []).map((each, i) =>
      hookOf(each, on, `${file} on_${on} ${i + 1}`, folder),
    ),
  );
}

function hookOf(each: z.infer<typeof hook>, on: HookEvent, place: string, folder: string): Hook {
  const about = {
    id: each.name === undefined ? place : `${place} ${each.name}`,
    on,
    timeoutMs: parseDuration(each.timeout ?? DEFAULT_TIMEOUT),
  };
  if (each.http === undefined) {
    const { command = [], env = {}, stdin = 'json' } = each;
    return { ...about, command: { argv: command, env, stdin, cwd: folder } };
  }
  const { url, method = 'POST', headers = {}, format = 'json', body } = each.http;
  const content = body === undefined ? { format } : { body: body as Json };
  return { ...about, http: { url, method, headers, content } };
}

function wrongUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return `'${text}' is no address; one begins with https:// or http://`;
  }
  return url.username === '' && url.password === ''
    ? undefined
    : 'an address holds no user and password; give them in a header, from a secret';
}
