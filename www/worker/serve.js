/** How a worker with a single module of its own answers. Its messages have the form of those in worker.js. */
import './alive.js';
import { codedFrom } from '../core/errors.js';

/**
 * Does the jobs that the page asks for. A long computation is one job: only ending the worker cuts it short.
 *
 * @template {{[J in keyof All]: (payload: any) => any}} All @template Told What is told of a job's progress
 * @param {{[J in keyof All]: (payload: Parameters<All[J]>[0], tell: (told: Told) => void) => Promise<ReturnType<All[J]>>}} jobs
 */
export function serve(jobs) {
  /** @param {MessageEvent<{id: number, type: keyof All, payload: any}>} event */
  onmessage = async ({ data: { id, type, payload } }) => {
    try {
      if (!Object.hasOwn(jobs, type)) throw new Error(`unknown message type: ${String(type)}`);
      const value = await jobs[type](payload, (told) => postMessage({ id, type: 'progress', value: told }));
      postMessage({ id, type: 'result', value });
    } catch (error) {
      const { code, message, stack, values } = codedFrom(error);
      if (error instanceof WebAssembly.RuntimeError) postMessage({ type: 'crash', value: { message, stack } });
      else postMessage({ id, type: 'error', value: { code, message, values } });
    }
  };
}
