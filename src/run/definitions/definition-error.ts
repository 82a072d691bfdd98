/** A definition that could not be used, with the texts for showing where. */

import { UserError } from '../../model/errors.ts';

import type { Problem } from '../../model/errors.ts';

export class DefinitionError extends UserError {
  readonly texts: ReadonlyMap<string, string>;

  constructor(problems: readonly Problem[], texts: ReadonlyMap<string, string>) {
    const many = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(problems[0]?.code ?? 'BAD_VALUE', `${many} in the definition`, { problems });
    this.texts = texts;
  }
}
