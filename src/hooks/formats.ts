/** The message in the forms that receivers take. Texts are passed on as text: nothing in them is markup there. Pure. */

import { boundText } from '../model/bounded-text.ts';

import type { HookMessage } from '../model/hook-message.ts';
import type { HookFormat } from '../model/hook.ts';
import type { Json } from '../model/json.ts';

/** Slack cuts a message at 4,000 letters; Teams refuses one above 28 kB. */
const MOST_BYTES = Object.freeze({ slack: 3_000, teams: 8_000 });

/** The document that is posted. */
export function bodyIn(format: HookFormat, message: HookMessage): Json {
  switch (format) {
    case 'json':
      return message;
    case 'slack':
      return slack(message);
    case 'teams':
      return teams(message);
  }
}

/** For an incoming webhook of Slack, and what takes the same (Mattermost, Rocket.Chat). */
function slack({ title, text }: HookMessage): Json {
  const body = boundText(text, MOST_BYTES.slack).replaceAll('```', "'''");
  return { text: `*${escaped(title)}*\n\`\`\`\n${escaped(body)}\n\`\`\`` };
}

/** The three letters that mean something to Slack. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** For a workflow of Teams that posts adaptive cards to a channel. */
function teams({ title, text, event, url }: HookMessage): Json {
  const lines = boundText(text, MOST_BYTES.teams).split('\n');
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          msteams: { width: 'Full' },
          body: [
            run(title, {
              size: 'Medium',
              weight: 'Bolder',
              color: event === 'failure' ? 'Attention' : 'Good',
            }),
            ...lines.map((line) => run(line === '' ? ' ' : line, { fontType: 'Monospace' })),
          ],
          actions: url === null ? [] : [{ type: 'Action.OpenUrl', title: 'History', url }],
        },
      },
    ],
  };
}

/** A block of plain text: unlike a text block it reads no markup. */
function run(text: string, look: Readonly<Record<string, string>>): Json {
  return { type: 'RichTextBlock', spacing: 'None', inlines: [{ type: 'TextRun', text, ...look }] };
}
