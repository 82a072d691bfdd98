/** Names under which runs are found in Temporal's own lists, as search attributes of type Keyword. Pure. */

export const SEARCHED = Object.freeze({
  job: 'BuilderJob',
  profile: 'BuilderProfile',
  /** RUNNING until it has ended, then the status of the run. */
  status: 'BuilderStatus',
} as const);
