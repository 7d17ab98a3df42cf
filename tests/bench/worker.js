/** What both workers have in common: messages in and out, and the clock. */

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
 * @param {{load: (payload: any) => Promise<any>, logits: (findings: string[]) => Promise<number[]>, memory: () => number,
 *   tasks: Record<string, {prepare?: () => Promise<any>, run: () => Promise<any>}>}} engine
 */
export function answer(engine) {
  const jobs = {
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
      postMessage({ id, value: await jobs[type](payload) });
    } catch (error) {
      postMessage({ id, error: error?.stack ?? String(error) });
    }
  };
}
