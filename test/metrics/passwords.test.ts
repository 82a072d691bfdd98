import { expect, test } from '@jest/globals';
import bcrypt from 'bcryptjs';

import { makePasswords } from '../../src/metrics/passwords.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** Comparisons that end when they are told to, and what was compared. */
function heldBack() {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const mayRead = makePasswords({ prom: 'hash of right' }, async (password, hash) => {
    asked.push(`${password} with ${hash}`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return hash === `hash of ${password}`;
  });
  return { asked, waiting, mayRead };
}

test('compares apart from the one who asks, and tells right from wrong', async () => {
  const mayRead = makePasswords({ prom: await bcrypt.hash('s3cret:x', 4) });
  expect(await mayRead(basic('prom:s3cret:x'))).toBe('right');
  expect(await mayRead(basic('prom:s3cret'))).toBe('wrong');
  expect(await mayRead(basic('toString:s3cret:x'))).toBe('wrong');
});

test.each([undefined, '', 'Bearer x', basic('no colon'), 'Basic ???'])(
  'compares nothing for %j',
  async (authorization) => {
    const { mayRead, asked } = heldBack();
    expect([await mayRead(authorization), asked]).toEqual(['wrong', []]);
  },
);

test('what was compared once, right or wrong, is not compared again', async () => {
  const { mayRead, asked, waiting } = heldBack();
  const [first, beside] = [mayRead(basic('prom:right')), mayRead(basic('prom:right'))];
  await new Promise(setImmediate);
  waiting.shift()!();
  expect([await first, await beside, await mayRead(basic('prom:right'))]).toEqual(
    Array(3).fill('right'),
  );
  const wrong = mayRead(basic('prom:x'));
  await new Promise(setImmediate);
  waiting.shift()!();
  expect([await wrong, await mayRead(basic('prom:x'))]).toEqual(['wrong', 'wrong']);
  expect(asked).toEqual(['right with hash of right', 'x with hash of right']);
});

test('a user that there is not is compared, too', async () => {
  const { mayRead, asked, waiting } = heldBack();
  const answer = mayRead(basic('nobody:right'));
  await new Promise(setImmediate);
  waiting.shift()!();
  expect([await answer, asked]).toEqual(['wrong', ['right with hash of right']]);
});

test('many guesses wait for each other, more are turned away, and who is known reads on', async () => {
  const { mayRead, asked, waiting } = heldBack();
  const known = mayRead(basic('prom:right'));
  await new Promise(setImmediate);
  waiting.shift()!();
  await known;
  const guesses = Array.from({ length: 30 }, (_, n) => mayRead(basic(`prom:${n}`), 'a'));
  await new Promise(setImmediate);
  expect(asked.slice(1)).toEqual(['0 with hash of right']);
  expect(await Promise.all(guesses.slice(4))).toEqual(Array(26).fill('busy'));
  expect(await mayRead(basic('prom:right'))).toBe('right');
  // From elsewhere there is still room, though not for ever.
  const others = Array.from({ length: 13 }, (_, n) => mayRead(basic(`prom:b${n}`), `b${n}`));
  expect(await others[12]).toBe('busy');
  for (let n = 0; n < 4; n += 1) {
    await until(() => waiting.length > 0);
    waiting.shift()!();
    expect(await guesses[n]).toBe('wrong');
  }
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}
