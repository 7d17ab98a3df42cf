/**
 * What the workers have in common: messages in and out, and the clock.
 *
 * @typedef {object} Input What all engines are given: a picture, and lists of findings
 * @property {Uint8Array} grey Of the picture, row by row
 * @property {string} finding @property {string[]} preset14 @property {string[]} preset192
 * @property {boolean} ranks Whether the model ranks words of one's own
 *
 * @typedef {{device: 'cpu' | 'webgpu', threads: number, model: string, graphs: string, input?: Input}} Load `model` and `graphs` are folders; `input` is what the first engine answered
 *
 * @typedef {object} Jobs What a worker can be asked for
 * @property {(load: Load) => Promise<Input | undefined>} load
 * @property {(findings: string[]) => Promise<number[]>} logits
 * @property {() => number} memory Bytes
 * @property {(timed: {task: string, single: boolean}) => Promise<number>} time Milliseconds
 */

/** How long calls go on in a row, at least, and how long a person waits before a click, in milliseconds. */
const SUSTAINED = 100;
const PAUSE = 300;

/** @param {string} path */
export const bytes = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

/**
 * Answers `load` with what it returns, `logits` with numbers, `memory` with bytes, and `time` with milliseconds a call: a
 * task's `run` is timed, its `prepare` is not. A single call comes after a pause, in which threads go to sleep; others come
 * back to back, after one that is not timed.
 *
 * @param {Omit<Jobs, 'time'> & {tasks: Record<string, {prepare?: () => Promise<unknown>, run: () => Promise<unknown>}>}} engine
 */
export function answer(engine) {
  /** @type {Jobs} */ const jobs = {
    load: engine.load,
    logits: engine.logits,
    memory: engine.memory,
    async time({ task, single }) {
      const { prepare, run } = engine.tasks[task];
      await prepare?.();
      if (single)
        await new Promise((resolve) => {
          setTimeout(resolve, PAUSE);
        });
      else await run();
      const least = single ? 0 : SUSTAINED;
      let calls = 0;
      const start = performance.now();
      do {
        await run();
        calls++;
      } while (performance.now() - start < least);
      return (performance.now() - start) / calls;
    },
  };
  onmessage = async ({ data: { id, type, payload } }) => {
    try {
      postMessage({ id, value: await jobs[/** @type {keyof Jobs} */ (type)](payload) });
    } catch (error) {
      postMessage({ id, error: (error instanceof Error && error.stack) || String(error) });
    }
  };
}
