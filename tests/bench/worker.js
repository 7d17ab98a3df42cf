/**
 * What both workers have in common: messages in and out, and the clock.
 *
 * @typedef {object} Input What both are given: a picture, and lists of findings
 * @property {Uint8Array} grey Of the picture, row by row
 * @property {string} finding @property {string[]} preset14 @property {string[]} preset192
 * @property {boolean} ranks Whether the model ranks words of one's own
 *
 * @typedef {{device: 'cpu' | 'webgpu', threads: number, model: string, graphs: string, input?: Input}} Load Folders, and what another one answered
 *
 * @typedef {object} Jobs What a worker can be asked for
 * @property {(load: Load) => Promise<Input | undefined>} load
 * @property {(findings: string[]) => Promise<number[]>} logits
 * @property {() => number} memory Bytes
 * @property {(timed: {task: string, repeats: number}) => Promise<number>} time Milliseconds
 */

/** @param {string} path */
export const bytes = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

/**
 * Answers `load` with what it returns, `logits` with numbers, `memory` with bytes, and `time` with milliseconds: a task's
 * `run` is timed, its `prepare` is not.
 *
 * @param {Omit<Jobs, 'time'> & {tasks: Record<string, {prepare?: () => Promise<unknown>, run: () => Promise<unknown>}>}} engine
 */
export function answer(engine) {
  /** @type {Jobs} */ const jobs = {
    load: engine.load,
    logits: engine.logits,
    memory: engine.memory,
    async time({ task, repeats }) {
      const { prepare, run } = engine.tasks[task];
      await prepare?.();
      const start = performance.now();
      for (let i = 0; i < repeats; i++) await run();
      return (performance.now() - start) / repeats;
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
