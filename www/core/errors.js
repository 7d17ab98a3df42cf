/** An error with a stable code: those of the wasm boundary, and 'network', 'not-found', 'crash', 'stopped', 'failed'. */
export class CodedError extends Error {
  /** What is told beside the code, by name. @type {Record<string, any>} */ values = {};

  /** @param {string} code @param {string} message @param {ErrorOptions} [options] */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** The worker's end. */
export class CrashError extends CodedError {
  /** @param {string} message @param {string} stack Where the engine tells one, else '' @param {string[]} jobs What it was asked to do, and had not done */
  constructor(message, stack, jobs) {
    super('crash', message);
    this.stack = stack;
    this.jobs = jobs;
  }
}
