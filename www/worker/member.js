/** A member of a pool: waits for a share of an operation, does it, and waits again; see pool.js. */
import { JOB, STATES, change, waitWhile } from './pool.js';

/** @param {MessageEvent<{code: WebAssembly.Module, glue: string, control: Int32Array, exchange: Float32Array}>} event */
onmessage = async ({ data: { code, glue, control, exchange } }) => {
  try {
    const wasm = await import(glue);
    await wasm.default({ module_or_path: code });
    const member = new wasm.PoolMember();
    postMessage('ready');
    change(control, STATES.starting, STATES.ready);
    for (;;) {
      waitWhile(control, STATES.ready);
      if (change(control, STATES.given, STATES.working)) {
        const [inputs, sizes] = control.subarray(1);
        exchange.set(member.work(Uint32Array.from(control.subarray(JOB, JOB + sizes)), exchange.subarray(0, inputs)));
        change(control, STATES.working, STATES.ready);
      }
      if (Atomics.load(control, 0) === STATES.failed) return; // it was given up meanwhile
    }
  } catch (error) {
    Atomics.store(control, 0, STATES.failed);
    Atomics.notify(control, 0);
    throw error;
  }
};
