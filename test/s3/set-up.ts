/** The server is there before the first test, so that none of them waits while it is built. */

import { versitygwProgram } from './versitygw.ts';

export default async function setUp(): Promise<void> {
  await versitygwProgram();
}
