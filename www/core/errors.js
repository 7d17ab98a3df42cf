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

/**
 * What can be said of anything that was thrown; what has no code is 'failed'.
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

/** The worker, or what it computes on, is gone: a fresh one is needed. */
const ENDED = ['stopped', 'device', 'crash'];

/** What a job answers, or why it cannot; throws where the worker is at an end. @template T @param {Promise<T>} answer @returns {Promise<T | {error: string}>} */
export async function answerOrReason(answer) {
  try {
    return await answer;
  } catch (error) {
    const { code, message } = codedFrom(error);
    if (ENDED.includes(code)) throw error;
    return { error: message };
  }
}
