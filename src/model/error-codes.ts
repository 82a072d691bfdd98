/** The catalogue of error codes, each with one line of meaning. `docs/errors.md` is kept equal to it by a test. */

export const ERROR_CODES = Object.freeze({
  // Usage
  BAD_USAGE: 'A command was called with an unknown or contradictory flag.',
  BAD_DURATION: 'A duration is not a number with a unit such as "90s", "5m" or "1h30m".',
  BAD_PARTITION: 'The job has no partition of this name, or none is named where one must be.',
  STEP_NOT_FOUND: 'The profile has no step of this id.',
  BAD_PARAM: 'A parameter given on the command line is unknown or of the wrong type.',
  // Definitions
  FILE_NOT_FOUND: 'A job, profile or input file does not exist or cannot be read.',
  FILE_NOT_OURS: 'A builder.yaml above the job or the working directory belongs to another user.',
  BAD_YAML: 'A definition is not one well-formed YAML document.',
  DUPLICATE_KEY: 'A mapping has the same key twice.',
  UNKNOWN_KEY: 'A mapping has a key that is not allowed there.',
  MISSING_KEY: 'A required key is absent.',
  WRONG_TYPE: 'A value has the wrong type.',
  BAD_VALUE: 'A value has the right type but is not one that is allowed.',
  UNKNOWN_KIND: 'A step uses a kind that does not exist.',
  BAD_OPTION: 'An option of a kind is missing, unknown or wrong.',
  UNKNOWN_NEED: 'A step needs a step that does not exist.',
  CYCLE: 'Steps need each other in a circle.',
  UNKNOWN_LIMIT: 'A step uses a limit that builder.yaml does not have.',
  UNKNOWN_REFERENCE: 'A ${{ ... }} names something that does not exist.',
  BAD_REFERENCE: 'A ${{ ... }} is not a reference, or is not allowed in that place.',
  SECRET_NOT_ALLOWED: 'A secret is used where it could leak.',
  DUPLICATE_EXPORT: 'Two steps export a file of the same name.',
  TOO_MANY_STEPS: 'A profile has more steps than one run can hold.',
  PLAN_TOO_LARGE: 'A plan holds more text than one run can carry.',
  EXTENDS_CYCLE: 'Profiles extend each other in a circle.',
  // Runs and their surroundings
  OUT_OTHER_FORM:
    'What lies at --out was delivered as a whole, and this run makes a partition; or the other way round.',
  OUT_NOT_OURS: 'The --out folder is not empty and was not made by an earlier delivery.',
  OUT_BUSY: 'Another run is writing to the same --out.',
  LOCK_NOT_OURS: 'What lies at or beside --out was put there by another user; it is not followed.',
  FENCED: 'Another command has taken over what this one held while it did not answer.',
  STATE_DIR_BUSY:
    'Another machine or container uses the state folder in a way that cannot be shared.',
  PORT_IN_USE: 'The metrics port is taken by another program.',
  METRICS_FILE_BUSY: 'Another command is writing the same metrics file.',
  RUN_NOT_FOUND: 'No run of that id, or none for that --out, is recorded in the state folder.',
  NOTHING_TO_RESUME: 'The run is finished; there is nothing to go on with.',
  NOTHING_TO_CANCEL: 'The run was left open by its command, and nothing of it is going on.',
  BACKFILL_NOT_FOUND: 'No backfill or batch of that id is recorded in the state folder.',
  BACKFILL_OPEN:
    'A backfill of the same --out, or the same batch, has not ended: it goes on in another process, or was left.',
  PAYLOAD_KEY_UNUSABLE: 'The keys for payloads cannot be read, or are none.',
  PAYLOAD_KEY_MISSING: 'A payload in Temporal is encrypted with a key that is not at hand.',
  STATE_DIR_UNUSABLE: 'The state folder cannot be created or written.',
  STORE_NOT_FOUND: 'The bucket of the S3 store does not exist.',
  STORE_REFUSED:
    'The service of the S3 store refuses: credentials, permissions or region are wrong.',
  STORE_UNFIT: 'The service of the S3 store cannot do what a store needs, or lies about it.',
  STORE_UNREACHABLE: 'The service of the S3 store does not answer, or answers that it cannot.',
  ENGINE_UNREACHABLE: 'The Temporal service does not answer.',
  JOB_NOT_FOUND: 'No run of a job of that name is recorded in the state folder.',
  SCHEDULE_NOT_FOUND: 'No schedule of a job of that name is in Temporal.',
  SCHEDULE_REFUSED: 'Temporal did not take a schedule.',
  ALREADY_SERVED: 'Another process serves the same state folder.',
  NAMESPACE_NOT_FOUND: 'Temporal has no namespace of that name.',
  ENGINE_NOT_FOUND: 'No way worked to get the server of the embedded engine.',
  ENGINE_START_FAILED: 'The embedded engine did not start.',
  ENGINE_LOST:
    'Temporal stopped answering while it was in use; a run that was going on is open and can be resumed.',
  WORKER_BROKEN: 'The worker of this process could not be made, or ended by itself.',
  WORKFLOW_STUCK: 'The workflow task of the run keeps failing, so nothing goes on.',
  // Steps
  CHECK_FAILED: 'A data-quality check of severity fail found offending rows.',
  BAD_ITEMS:
    'The list of a foreach is empty or too long, or has an item twice, or one that cannot be an item.',
  ITEMS_FAILED: 'More items of a step failed than it allows.',
  ITEMS_DIFFER: 'The results of the items of a step cannot be put together into one.',
  SQL_ERROR: 'DuckDB refused a query.',
  VALUE_NOT_KEPT: 'A value or type of a table cannot be passed on exactly; nothing was written.',
  SQL_NOT_ALLOWED:
    'A query uses something whose result would differ from run to run, or reaches outside its inputs.',
  BAD_INPUT_DATA: 'An input file cannot be read as what it claims to be.',
  COMMAND_FAILED: 'A command ended with an exit code that counts as a failure.',
  OUTPUT_MISSING: 'A command did not write a file it declares as an output.',
  OUTPUT_UNUSABLE:
    'A command wrote something that cannot be kept: a link out of its folder, a device, values that are no scalars.',
  OUTPUT_TOO_LARGE: 'A step returned more outputs or values than a result may carry.',
  KIND_BROKEN:
    'A kind returned something else than it declares: a mistake in its code, not in the definition.',
  SECRET_MISSING: 'The worker has no value for a secret that a step uses.',
  SECRET_TOO_SHORT: 'A secret is too short to be blanked out of logs.',
  OUT_OF_SPACE: 'A disk is full or a query ran out of its memory limit.',
  TARGET_NOT_REACHED: 'The worker that was to deliver does not see the --out of the run.',
  DELIVERY_FAILED: 'The exports could not be put into --out.',
  NOT_ORDERED: 'A worker was asked for something that no command of its state folder ordered.',
  STEP_TIMEOUT: 'A step ran longer than its own time limit.',
  CANCELLED: 'An attempt was cancelled from outside; nothing failed by itself.',
  WORKER_LOST: 'The worker of an attempt stopped before it answered.',
  STEP_FAILED: 'A step failed for a reason outside the definition, such as the network or a bug.',
} as const);

export type ErrorCode = keyof typeof ERROR_CODES;

/** Codes of the world failing: such an attempt is retried by the profile's policy. All others are final. */
export const RETRYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  'STEP_FAILED',
  'STEP_TIMEOUT',
  'WORKER_LOST',
  'TARGET_NOT_REACHED',
  'STORE_UNREACHABLE',
  'PAYLOAD_KEY_MISSING',
]);

/** Codes by which a run refuses its delivery without anything being broken: exit code 4 where there is no other failure. */
export const GATES: ReadonlySet<string> = new Set<ErrorCode>(['CHECK_FAILED']);
