/**
 * Threads for the CPU: members run the same module in workers of their own, and take shares of large operations
 * (src/model/ops/pool, which calls the methods of `Pool`). Each shares a buffer with the first instance, and mailboxes
 * with the instances before and after it, so there are members only if the page is isolated. The first instance, which
 * is in a worker too, waits for members by blocking, and receives no messages meanwhile.
 */
import { startAlike } from '../core/trusted.js';
import { Benefit } from './benefit.js';
import { Mailbox, ROOM, shareMailbox } from './mailbox.js';
import { change, waitWhile } from './waiting.js';

const CAPACITY = 4 << 20; // numbers
/** How long to wait for one that does not answer. */
export const PATIENCE_MS = 10_000;
const WORDS = 256; // of a member's control
const WAKING_MS = 2; // within this time a member has begun its share, unless its core is busy with other work

/** What the first number of a member's `control` says. */
export const STATES = { starting: 0, ready: 1, given: 2, working: 3, failed: 4 };
/** Where the job begins in `control`: after the state, the number of inputs and the number of words come the words. */
export const JOB = 3;

export class Pool {
  #members;
  #down;
  #up;
  #benefit = new Benefit();
  /** When the present operation began. */ #began = 0;
  /** How long the lead has waited for members in it, in milliseconds. */ #waited = 0;

  /** @param {{code: WebAssembly.Module, glue: string}} program As `startProgram` gives it @param {number} size How many members */
  constructor({ code, glue }, size) {
    // mail[i] lies between member i and the instance above it, which for the first member is the one that leads the
    // pool.
    const mail = Array.from({ length: size }, () => ({ down: shareMailbox(), up: shareMailbox() }));
    this.#down = new Mailbox(mail[0].down);
    this.#up = new Mailbox(mail[0].up);
    this.#members = mail.map((above, index) => {
      const control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
      const exchange = new Float32Array(new SharedArrayBuffer(4 * CAPACITY));
      const worker = startAlike(new URL('./member.js', import.meta.url).href);
      worker.onerror = () => Atomics.store(control, 0, STATES.failed);
      worker.postMessage({ code, glue, control, exchange, above, below: mail[index + 1] });
      return { control, exchange, worker };
    });
  }

  /** How many members are ready, counted up to the first one that is not. All from a failed one on are dropped: a member's place decides which weights it holds. */
  ready() {
    const lost = this.#members.findIndex(({ control }) => Atomics.load(control, 0) === STATES.failed);
    if (lost >= 0) for (const { worker } of this.#members.splice(lost)) worker.terminate();
    const starting = this.#members.findIndex(({ control }) => Atomics.load(control, 0) !== STATES.ready);
    return starting < 0 ? this.#members.length : starting;
  }

  /** Whether members make operations faster at present; if so, the next operation begins now. */
  help() {
    this.#began = performance.now();
    this.#waited = 0;
    return !this.#benefit.isPaused(this.#began);
  }

  /** The operation has ended. @param {number} members How many took part */
  ended(members) {
    const now = performance.now();
    this.#benefit.note(members, now - this.#began, this.#waited, now);
  }

  /** Does what waits for a member, and notes how long it takes. @param {() => boolean} wait */
  #waiting(wait) {
    const start = performance.now();
    const came = wait();
    this.#waited += performance.now() - start;
    return came;
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

  /** Numbers in a message, at most. */
  room() {
    return ROOM;
  }

  /** Sends the first member a message. @param {Float32Array} values */
  send(values) {
    this.#down.send(values);
  }

  /** @param {boolean} mayTakeBack Whether the share may be taken back, if no member has begun it @param {Float32Array} out @returns {boolean} Whether the first member's next message came */
  receive(mayTakeBack, out) {
    return this.#waiting(() => this.#receive(mayTakeBack, out));
  }

  /** @param {boolean} mayTakeBack @param {Float32Array} out */
  #receive(mayTakeBack, out) {
    if (mayTakeBack && !this.#up.comes(WAKING_MS) && this.#takeBack()) {
      this.#down.withdraw();
      return false;
    }
    if (this.#up.receive(out, PATIENCE_MS)) return true;
    for (const { control } of this.#members) Atomics.store(control, 0, STATES.failed);
    return false;
  }

  /** Takes an operation back that all members share, if none of them has begun. */
  #takeBack() {
    /** @type {Int32Array[]} */ const taken = [];
    for (const { control } of this.#members) {
      if (change(control, STATES.given, STATES.ready)) taken.push(control);
      else if (Atomics.load(control, 0) !== STATES.ready) {
        for (const other of taken) change(other, STATES.ready, STATES.given); // a member that has begun needs them
        return false;
      }
    }
    return true;
  }

  /** @param {number} member @param {boolean} mayTakeBack Whether its share may be taken back, if it has not begun @param {Float32Array} out @returns {boolean} Whether it did its share */
  finish(member, mayTakeBack, out) {
    return this.#waiting(() => this.#finish(member, mayTakeBack, out));
  }

  /** @param {number} member @param {boolean} mayTakeBack @param {Float32Array} out */
  #finish(member, mayTakeBack, out) {
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
