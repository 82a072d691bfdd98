/** Posts a message once. What comes back other than 2xx is a failure, and is told without address, headers or secrets. */

import { CannotSend, fillJson, fillText } from './fill.ts';
import { bodyIn } from './formats.ts';

import type { HookMessage } from '../model/hook-message.ts';
import type { HttpHook } from '../model/hook.ts';
import type { Filling } from './fill.ts';

/** So much of an answer is told. */
const MOST_ANSWER_BYTES = 300;

/** A try that failed. `retryInMs`: the receiver asked to be left alone so long. */
export class SendFailed extends Error {
  override readonly name = 'SendFailed';
  readonly retryInMs: number | undefined;

  constructor(message: string, retryInMs?: number) {
    super(message);
    this.retryInMs = retryInMs;
  }
}

/** @throws SendFailed, CannotSend */
export async function sendHttp(
  http: HttpHook,
  message: HookMessage,
  filling: Filling,
  signal: AbortSignal,
): Promise<void> {
  const { url, init } = requestOf(http, message, filling);
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal });
  } catch (error) {
    throw new SendFailed(whyNot(error));
  }
  const text = await firstOf(answer).catch(() => '');
  if (answer.ok) return;
  if (answer.status >= 300 && answer.status < 400) {
    throw new SendFailed(
      `the receiver answered ${answer.status} and names another address, which is not followed`,
    );
  }
  const words = text === '' ? '' : `: ${text}`;
  throw new SendFailed(`the receiver answered ${answer.status}${words}`, retryAfter(answer));
}

function requestOf(
  http: HttpHook,
  message: HookMessage,
  filling: Filling,
): { readonly url: string; readonly init: RequestInit } {
  const url = fillText(http.url, filling).trim();
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new CannotSend('what its url stands for is no address that begins with https://');
  }
  const { content } = http;
  const isText = 'body' in content && typeof content.body === 'string';
  const filled =
    'body' in content ? fillJson(content.body, filling) : bodyIn(content.format, message);
  const headers = new Headers({
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'user-agent': 'builder_cli',
    'idempotency-key': message.key,
  });
  for (const [name, value] of Object.entries(http.headers)) {
    try {
      headers.set(name, fillText(value, filling));
    } catch (error) {
      if (error instanceof CannotSend) throw error;
      throw new CannotSend(`what stands for its header ${name} cannot be sent`);
    }
  }
  return {
    url,
    init: {
      method: http.method,
      headers,
      body: isText ? String(filled) : JSON.stringify(filled),
      // Secrets of the address and the headers are for this receiver alone.
      redirect: 'manual',
    },
  };
}

/** The word of the system or the library, never the address, which may be a secret. */
function whyNot(error: unknown): string {
  const { name, cause } = error as Error & { readonly cause?: { readonly code?: unknown } };
  if (name === 'TimeoutError') return 'the receiver did not answer in time';
  if (name === 'AbortError') return 'it was broken off, for the process ends';
  const code = cause?.code;
  return typeof code === 'string'
    ? `the receiver is not reached (${code})`
    : 'the receiver is not reached';
}

async function firstOf(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return '';
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < MOST_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value as Uint8Array);
    bytes += (value as Uint8Array).length;
  }
  await reader.cancel().catch(() => undefined);
  const text = Buffer.concat(pieces).subarray(0, MOST_ANSWER_BYTES).toString('utf8');
  return text.replaceAll(/\s+/g, ' ').trim();
}

function retryAfter(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}
