/** A member of a team: waits for a share of an operation, does it, and waits again; see team.js. */
import { JOB, STATES, waitWhile } from './team.js';

onmessage = async ({ data: { code, glue, control, exchange } }) => {
  const become = (/** @type {number} */ state) => {
    Atomics.store(control, 0, state);
    Atomics.notify(control, 0);
  };
  try {
    const wasm = await import(glue);
    await wasm.default({ module_or_path: code });
    const teammate = new wasm.Teammate();
    postMessage('ready');
    become(STATES.ready);
    for (;;) {
      waitWhile(control, STATES.ready);
      const [inputs, sizes] = control.subarray(1);
      exchange.set(teammate.work(Uint32Array.from(control.subarray(JOB, JOB + sizes)), exchange.subarray(0, inputs)));
      become(STATES.ready);
    }
  } catch (error) {
    become(STATES.failed);
    throw error;
  }
};
