/** A member of a pool: waits for a share of an operation, does it, and waits again; see pool.js. */
import { Mailbox } from './mailbox.js';
import { JOB, PATIENCE_MS, STATES } from './pool.js';
import { change, waitWhile } from './waiting.js';
/** @import { Shared } from './mailbox.js' */

/**
 * @typedef {object} Given
 * @property {WebAssembly.Module} code
 * @property {string} glue
 * @property {Int32Array} control
 * @property {Float32Array} exchange
 * @property {{down: Shared, up: Shared}} above Mailboxes between the instance above and this one
 * @property {{down: Shared, up: Shared}} [below] Mailboxes between this one and the one below; the last one has none, and never sends there
 */

/** @param {MessageEvent<Given>} event */
onmessage = async ({ data: { code, glue, control, exchange, above, below = above } }) => {
  const sends = { above: new Mailbox(above.up), below: new Mailbox(below.down) };
  const receives = { above: new Mailbox(above.down), below: new Mailbox(below.up) };
  const neighbours = {
    /** @param {boolean} up @param {Float32Array} values */
    send(up, values) {
      sends[up ? 'above' : 'below'].send(values);
    },
    /** @param {boolean} up @param {Float32Array} out */
    receive(up, out) {
      return receives[up ? 'above' : 'below'].receive(out, PATIENCE_MS);
    },
  };
  try {
    const wasm = await import(glue);
    await wasm.default({ module_or_path: code });
    const member = new wasm.PoolMember(neighbours);
    postMessage('ready');
    change(control, STATES.starting, STATES.ready);
    for (;;) {
      waitWhile(control, STATES.ready);
      if (change(control, STATES.given, STATES.working)) {
        const [inputs, words] = control.subarray(1);
        exchange.set(member.work(Uint32Array.from(control.subarray(JOB, JOB + words)), exchange.subarray(0, inputs)));
        change(control, STATES.working, STATES.ready);
      }
      if (Atomics.load(control, 0) === STATES.failed) return; // the pool gave this member up meanwhile
    }
  } catch (error) {
    Atomics.store(control, 0, STATES.failed);
    Atomics.notify(control, 0);
    for (const mailbox of Object.values(sends)) mailbox.close();
    throw error;
  }
};
