/** Words for what a zod schema expects and for what was found instead. Pure. */

import type { z } from 'zod';
import type { Located } from './located.ts';

const TYPE_WORDS: Readonly<Record<string, string>> = Object.freeze({
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
});

/** "expected ..., ..." for one issue; its own message where it has one. */
export function issueText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (!issue.message.startsWith('Invalid input')) return issue.message;
      return `expected ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `allowed: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
    case 'too_big':
      return sizeText(issue);
    case 'invalid_format':
      return issue.message.startsWith('Invalid')
        ? `expected ${issue.format === 'regex' ? `text of the form ${issue.pattern}` : issue.format}`
        : issue.message;
    case 'invalid_union':
      return unionText(issue);
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    default:
      return issue.message;
  }
}

function sizeText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  if (!issue.message.startsWith('Too ')) return issue.message;
  const [word, bound] =
    issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const unit = { string: ' characters', array: ' items', object: ' keys', map: ' keys' }[
    issue.origin as string
  ];
  const sense =
    issue.inclusive === false ? { 'at least': 'above', 'at most': 'below' }[word] : word;
  return `expected ${sense} ${bound}${unit ?? ''}`;
}

function unionText(issue: z.core.$ZodIssueInvalidUnion): string {
  if ('options' in issue && Array.isArray(issue.options)) {
    return `allowed: ${issue.options.map(String).join(', ')}`;
  }
  const words = issue.errors
    .flat()
    .filter((each) => each.code === 'invalid_type' && each.path.length === 0)
    .map((each) => issueText(each).replace(/^expected /, ''));
  return words.length > 0 ? `expected ${[...new Set(words)].join(' or ')}` : issue.message;
}

/** "found 'abc'", "found a mapping": what stands there. */
export function foundText(located: Located): string {
  switch (located.kind) {
    case 'scalar':
      if (located.value === null) return 'found nothing (null)';
      return `found ${typeof located.value === 'string' ? quoted(located.value) : (located.written ?? String(located.value))}`;
    case 'list':
      return 'found a list';
    case 'map':
      return 'found a mapping';
    case 'node':
      return 'found a reference';
    case 'hole':
      return 'found something wrong';
  }
}

function quoted(text: string): string {
  const line = text.split('\n')[0]!;
  return line.length > 40 || line !== text ? `'${line.slice(0, 40)}...'` : `'${line}'`;
}
