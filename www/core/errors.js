/** An error with a stable code: those of the wasm boundary, and 'network', 'not-found', 'crash', 'stopped', 'failed'. */
export class CodedError extends Error {
  /** Values that belong to the code, by name. @type {Record<string, any>} */ values = {};

  /** @param {string} code @param {string} message @param {ErrorOptions} [options] */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}

/** The worker has crashed. */
export class CrashError extends CodedError {
  /** @param {string} message @param {string} stack '' if the browser gives none @param {string[]} jobs What the worker had been asked to do and had not finished */
  constructor(message, stack, jobs) {
    super('crash', message);
    this.stack = stack;
    this.jobs = jobs;
  }
}

/**
 * The code and details of anything that was thrown; without a code of its own it is 'failed'.
 *
 * @typedef {{code: string, message: string, stack?: string, values?: Record<string, any>, cause?: unknown, jobs?: string[]}} Known
 * @param {unknown} error
 * @returns {Known}
 */
export function codedFrom(error) {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error) };
  const { message, stack, cause } = error;
  const { code = 'failed', values, jobs } = /** @type {Partial<CrashError>} */ (error); // the program's errors have a code, too
  return { code, message, stack, values, cause, jobs };
}

/** Codes that say that the worker or its device is gone, so that a new worker is needed. */
const ENDED = ['stopped', 'device', 'crash'];

/** A job's answer, or the reason why it failed; throws if the worker is gone. @template T @param {Promise<T>} answer @returns {Promise<T | {error: string}>} */
export async function answerOrReason(answer) {
  try {
    return await answer;
  } catch (error) {
    const { code, message } = codedFrom(error);
    if (ENDED.includes(code)) throw error;
    return { error: message };
  }
}
