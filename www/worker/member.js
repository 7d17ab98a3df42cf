/** A member of a pool: waits for a share of an operation, does it, and waits again; see pool.js. */
import { JOB, STATES, waitWhile } from './pool.js';

onmessage = async ({ data: { code, glue, control, exchange } }) => {
  /** Ready, unless it was given up meanwhile. @param {number} from @returns {boolean} Whether it goes on */
  const becomeReady = (from) => {
    const goesOn = Atomics.compareExchange(control, 0, from, STATES.ready) === from;
    Atomics.notify(control, 0);
    return goesOn;
  };
  try {
    const wasm = await import(glue);
    await wasm.default({ module_or_path: code });
    const member = new wasm.PoolMember();
    postMessage('ready');
    let goesOn = becomeReady(STATES.starting);
    while (goesOn) {
      waitWhile(control, STATES.ready);
      const [inputs, sizes] = control.subarray(1);
      exchange.set(member.work(Uint32Array.from(control.subarray(JOB, JOB + sizes)), exchange.subarray(0, inputs)));
      goesOn = becomeReady(STATES.working);
    }
  } catch (error) {
    Atomics.store(control, 0, STATES.failed);
    Atomics.notify(control, 0);
    throw error;
  }
};
