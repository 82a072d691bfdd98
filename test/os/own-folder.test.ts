import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { makeOwnFolder, whyNotOwn } from '../../src/os/own-folder.ts';
import { byUmask } from '../../src/os/umask.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'builder-own-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('makes it for this user alone, and those above it as usual', () => {
  const path = join(root, 'above', 'state');
  makeOwnFolder(path);
  makeOwnFolder(path);
  expect(modeOf(path)).toBe(0o700);
  expect(modeOf(join(root, 'above'))).toBe(byUmask(0o777));
  expect(whyNotOwn(path)).toBeUndefined();
});

test('one that the umask alone made is made private; one that somebody opened for reading stays so', () => {
  const [usual, open] = [join(root, 'usual'), join(root, 'open')];
  mkdirSync(usual);
  mkdirSync(open);
  chmodSync(open, 0o750);
  expect([whyNotOwn(usual), whyNotOwn(open)]).toEqual([undefined, undefined]);
  expect([modeOf(usual), modeOf(open)]).toEqual([0o700, 0o750]);
});

test('refuses one that others were let to write into, itself or below', () => {
  const path = join(root, 'state');
  mkdirSync(join(path, 'runs'), { recursive: true });
  chmodSync(path, 0o771);
  expect(whyNotOwn(path, ['runs'])).toBe(`${path} can be written by other users`);
  chmodSync(path, 0o711);
  chmodSync(join(path, 'runs'), 0o777);
  expect(whyNotOwn(path, ['runs', 'none'])).toBe(`${path}/runs can be written by other users`);
  chmodSync(path, 0o700);
  expect(whyNotOwn(path, ['runs'])).toBeUndefined();
});

test('there is nothing to trust in what is not there', () => {
  expect(whyNotOwn(join(root, 'none'), ['runs'])).toBeUndefined();
});

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;

asRoot('where files can be given away', () => {
  const NOBODY = 65_534;

  test('refuses one of another user, itself, below, or through a link of his', () => {
    const path = join(root, 'state');
    mkdirSync(join(path, 'runs'), { recursive: true });
    lchownSync(join(path, 'runs'), NOBODY, NOBODY);
    expect(whyNotOwn(path, ['runs'])).toBe(`${path}/runs belongs to another user (${NOBODY})`);
    lchownSync(path, NOBODY, NOBODY);
    expect(whyNotOwn(path)).toBe(`${path} belongs to another user (${NOBODY})`);
    const [mine, link] = [join(root, 'mine'), join(root, 'link')];
    mkdirSync(mine);
    symlinkSync(mine, link);
    expect(whyNotOwn(link)).toBeUndefined();
    lchownSync(link, NOBODY, NOBODY);
    expect(whyNotOwn(link)).toBe(`${link} belongs to another user (${NOBODY})`);
  });
});
