/** An error with a stable code: those of the wasm boundary, and 'network', 'crash', 'stopped', 'failed'. */
export class CodedError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
