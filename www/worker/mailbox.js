/**
 * One-way messages between two instances of the program: rows of maps, from one participant of a shared operation to
 * its neighbour (src/model/ops/pool/rows.rs). There are two buffers, used in turn. That is enough, as both neighbours
 * send and then receive in every layer: who has received knows that its own message before the last was taken.
 */
import { waitWhile } from './waiting.js';

/** Numbers in a message, at most. */
export const ROOM = 1 << 14;

/**
 * @typedef {object} Shared What both ends have in common
 * @property {Int32Array} count How many messages were sent; -1 once no more will come
 * @property {Float32Array} places
 */

/** @returns {Shared} */
export function shareMailbox() {
  const shared = (/** @type {number} */ numbers) => new SharedArrayBuffer(4 * numbers);
  return { count: new Int32Array(shared(1)), places: new Float32Array(shared(2 * ROOM)) };
}

/** One end of it. */
export class Mailbox {
  #shared;
  #done = 0;

  /** @param {Shared} shared */
  constructor(shared) {
    this.#shared = shared;
  }

  #place() {
    return (this.#done % 2) * ROOM;
  }

  /** @param {Float32Array} values */
  send(values) {
    this.#shared.places.set(values, this.#place());
    this.#count(++this.#done);
  }

  /** Takes the last message back. Only allowed if no one has waited for it. */
  withdraw() {
    this.#count(--this.#done);
  }

  /** Says that no more will come. */
  close() {
    this.#count(-1);
  }

  /** @param {number} count */
  #count(count) {
    const shared = this.#shared.count;
    Atomics.store(shared, 0, count);
    Atomics.notify(shared, 0);
  }

  /** Whether the next message comes in time. @param {number} patience Milliseconds */
  comes(patience) {
    const { count } = this.#shared;
    waitWhile(count, this.#done, patience);
    return Atomics.load(count, 0) > this.#done;
  }

  /** Takes the next message, if it comes in time. @param {Float32Array} out @param {number} patience Milliseconds */
  receive(out, patience) {
    if (!this.comes(patience)) return false;
    const place = this.#place();
    out.set(this.#shared.places.subarray(place, place + out.length));
    this.#done++;
    return true;
  }
}
