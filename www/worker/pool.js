/**
 * Threads for the CPU: members run the same module in workers of their own, and take shares of large operations (src/model/ops/pool,
 * which calls the methods of `Pool`). Each has a buffer that it shares with the first, so there are members only where the page is
 * isolated. The first waits for a member without giving way to messages: both are workers.
 */
import { startAlike } from '../core/trusted.js';

const CAPACITY = 4 << 20; // numbers
const PATIENCE_MS = 10_000; // with a member that does not answer
const LOOKS = 20_000; // about a tenth of a millisecond

/** What the first number of a member's `control` says. */
export const STATES = { starting: 0, ready: 1, given: 2, working: 3, failed: 4 };
/** Where the job begins in `control`: state, count of inputs, count of sizes, sizes. */
export const JOB = 3;

/**
 * Waits while a member is in a state. Most waits are shorter than falling asleep and waking, so it looks for a while first. A
 * call that was meant for the wait before may come late, so being woken says nothing.
 *
 * @param {Int32Array} control @param {number} state @param {number} [patience] Milliseconds
 */
export function waitWhile(control, state, patience) {
  for (let i = 0; i < LOOKS; i++) if (Atomics.load(control, 0) !== state) return;
  while (Atomics.wait(control, 0, state, patience) === 'ok'); // 'not-equal' once the state is another
}

/** From one state to another, if it is still the one; who waits is woken. @param {Int32Array} control @param {number} from @param {number} to */
export function change(control, from, to) {
  const changed = Atomics.compareExchange(control, 0, from, to) === from;
  Atomics.notify(control, 0);
  return changed;
}

export class Pool {
  #members;

  /** @param {{code: WebAssembly.Module, glue: string}} program As `startProgram` gives it @param {number} size How many members */
  constructor({ code, glue }, size) {
    this.#members = Array.from({ length: size }, () => {
      const control = new Int32Array(new SharedArrayBuffer(64));
      const exchange = new Float32Array(new SharedArrayBuffer(4 * CAPACITY));
      const worker = startAlike(new URL('./member.js', import.meta.url).href);
      worker.onerror = () => Atomics.store(control, 0, STATES.failed);
      worker.postMessage({ code, glue, control, exchange });
      return { control, exchange, worker };
    });
  }

  /** How many are ready, of the first ones. Those after a lost one go too: which weights a member has, follows from its place. */
  ready() {
    const lost = this.#members.findIndex(({ control }) => Atomics.load(control, 0) === STATES.failed);
    if (lost >= 0) for (const { worker } of this.#members.splice(lost)) worker.terminate();
    const starting = this.#members.findIndex(({ control }) => Atomics.load(control, 0) !== STATES.ready);
    return starting < 0 ? this.#members.length : starting;
  }

  capacity() {
    return CAPACITY;
  }

  /** @param {number} member @param {number} offset @param {Float32Array} values */
  give(member, offset, values) {
    this.#members[member].exchange.set(values, offset);
  }

  /** @param {number} member @param {Uint32Array} job @param {number} inputs How many numbers it was given */
  start(member, job, inputs) {
    const { control } = this.#members[member];
    control.set([inputs, job.length, ...job], 1);
    change(control, STATES.ready, STATES.given);
  }

  /** @param {number} member @param {boolean} mayTakeBack What it has not begun @param {Float32Array} out @returns {boolean} Whether it did its share */
  finish(member, mayTakeBack, out) {
    const { control, exchange } = this.#members[member];
    if (mayTakeBack && change(control, STATES.given, STATES.ready)) return false;
    for (const state of [STATES.given, STATES.working]) waitWhile(control, state, PATIENCE_MS);
    if (Atomics.load(control, 0) !== STATES.ready) {
      Atomics.store(control, 0, STATES.failed);
      return false;
    }
    out.set(exchange.subarray(0, out.length));
    return true;
  }
}
