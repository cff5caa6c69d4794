/** Base class of everything simcrank throws. `code` is stable; `place` says where (file, line, channel, joint …). */
export class SimcrankError extends Error {
  readonly code: string
  readonly place: string | undefined

  constructor(code: string, message: string, options: { place?: string; cause?: unknown } = {}) {
    super(options.place === undefined ? message : `${options.place}: ${message}`, { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.place = options.place
  }
}

/** A model that cannot be read, compiled or simulated; lists every reason it knows. */
export class ModelError extends SimcrankError {}

/** An array whose length or an option whose value does not fit; the message prints both numbers. */
export class SizeError extends SimcrankError {}

/** A parameter path, bound, transform or distribution that makes no sense. */
export class ParameterError extends SimcrankError {}

/** A log that cannot be read or does not fit; `place` names file and line or message number. */
export class RecordingError extends SimcrankError {}

/** A task, policy or training run that makes no sense; `place` names the term. */
export class TaskError extends SimcrankError {}

/** A checkpoint or policy file that is damaged, or of another version, model or task. */
export class CheckpointError extends SimcrankError {}

/** The engine cannot start or was asked for what it does not have. */
export class BackendError extends SimcrankError {}

/** The GPU went away; state on it is lost. */
export class DeviceLostError extends BackendError {}

/** Wrong words on a command line. The program exits with code 2. */
export class UsageError extends SimcrankError {}
