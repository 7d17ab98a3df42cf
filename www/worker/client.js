/** The page's end of the worker: calls with ids, progress, and what to do when the worker dies. */
import { CodedError, CrashError } from '../core/errors.js';
import { WORKERS, startInheriting } from '../core/trusted.js';

/** @template {{[J in keyof All]: (payload: any) => any}} [All=import('./jobs.js').Jobs] What the worker does */
export class WorkerClient {
  /** The worker's name, and that of a lock which it holds as long as it lives. */
  #lock = `carzero-worker-${performance.now()}-${Math.random()}`;
  #worker;
  /** @type {Map<number, {type: string, resolve: (answer: any) => void, reject: (error: CodedError) => void, onProgress?: (told: import('./jobs.js').Told) => void}>} The types of answers are checked where the worker's jobs are written */
  #calls = new Map();
  #lastId = 0;
  #stopped = false;
  /** @type {(error: CrashError) => void} */ #tell = () => {}; // set at once, by the line below
  /** Resolves if the worker ends by itself; every open call is then rejected as 'stopped', with the error as its cause. @type {Promise<CrashError>} */
  crashed = new Promise((resolve) => {
    this.#tell = resolve;
  });

  /** @param {string} [script] Relative to the workers' folder @param {import('../core/trusted.js').Start} [start] */
  constructor(script = './worker.js', start = startInheriting) {
    this.#worker = start(new URL(script, WORKERS).href, this.#lock);
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onmessageerror = () => this.#crash('A message from the worker could not be read.');
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#crash(
        event.message || 'The worker could not be started.',
        event.filename && `at ${event.filename}:${event.lineno}`,
      );
    };
  }

  /** Asks for one of the worker's jobs. @template {keyof All & string} J @param {J} type @param {Parameters<All[J]>[0]} payload @param {(told: any) => void} [onProgress] @returns {Promise<ReturnType<All[J]>>} */
  call(type, payload, onProgress) {
    if (this.#stopped) return Promise.reject(new CodedError('stopped', 'The worker was stopped.'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { type, resolve, reject, onProgress });
      this.#worker.postMessage({ id, type, payload });
    });
  }

  /** Notices a worker that ends without a message: the browser releases its lock, which it holds by now. */
  #outlive() {
    navigator.locks?.request(this.#lock, () => this.#crash('The worker ended.'));
  }

  /** Ends the worker; open calls are rejected as 'stopped'. @param {CrashError} [cause] */
  stop(cause) {
    this.#stopped = true;
    this.#worker.terminate();
    for (const { reject } of this.#calls.values())
      reject(new CodedError('stopped', 'The worker was stopped.', { cause }));
    this.#calls.clear();
  }

  /** @param {{id: number, type: string, value: any}} message */
  #receive({ id, type, value }) {
    if (type === 'alive') return this.#outlive();
    if (type === 'crash') return this.#crash(value.message, value.stack);
    const call = this.#calls.get(id);
    if (!call) return; // answered already, or stopped
    if (type === 'progress') return call.onProgress?.(value);
    this.#calls.delete(id);
    if (type === 'result') return call.resolve(value);
    if (type === 'error')
      return call.reject(Object.assign(new CodedError(value.code, value.message), { values: value.values ?? {} }));
    throw new Error(`unknown message from the worker: ${type}`);
  }

  /** @param {string} message @param {string} [stack] */
  #crash(message, stack = '') {
    if (this.#stopped) return;
    const error = new CrashError(
      message,
      stack,
      [...this.#calls.values()].map(({ type }) => type),
    );
    this.#tell(error);
    this.stop(error);
  }
}
