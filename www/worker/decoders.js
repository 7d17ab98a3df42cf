/**
 * Workers that read the next files of a series while the model scores an image, so that the cores of the machine are used. A file
 * that they cannot read is left to the first worker, which reports the error: there is one way for errors.
 */
import { startAlike } from '../core/trusted.js';

const MOST = 3;

/**
 * @typedef {import('./jobs.js').RowRead} RowRead
 * @typedef {import('./jobs.js').RowSource} RowSource
 * @typedef {{row: RowSource, tell: (read: RowRead | null) => void}} Wanted
 * @typedef {{worker: Worker, wanted: Wanted | null}} Decoder `wanted`: the row that it is reading
 */

export class Decoders {
  #most = Math.min(MOST, navigator.hardwareConcurrency - 1);
  /** @type {Decoder[]} */ #decoders = [];
  /** @type {Wanted[]} Not begun */ #queue = [];
  /** @type {Map<number, Promise<RowRead | null>>} By their keys */ #asked = new Map();

  /**
   * Takes what a worker has read of a row, or waits for it; null if no worker has begun the row. Has the workers read the next rows.
   *
   * @param {number} key Of the row @param {readonly RowSource[]} ahead The rows after it; once there are none, the workers end
   * @param {import('./program.js').Program} program @param {{image: import('carzero').ImageConfig, side: number}} sizes
   * @returns {Promise<RowRead | null>}
   */
  async take(key, ahead, program, sizes) {
    const read = this.#asked.get(key);
    this.#asked.delete(key);
    const waiting = this.#queue.findIndex(({ row }) => row.key === key);
    const mine = waiting < 0 ? read : null;
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    while (this.#decoders.length < Math.min(this.#most, ahead.length)) this.#start(program, sizes);
    for (const row of this.#decoders.length ? ahead : []) {
      if (this.#asked.has(row.key)) continue;
      const asked = new Promise((/** @type {Wanted['tell']} */ tell) => {
        this.#queue.push({ row, tell });
      });
      this.#asked.set(row.key, asked);
    }
    this.#feed();
    const result = (await mine) ?? null;
    if (!ahead.length) this.end();
    return result;
  }

  /** Lets go of everything. */
  end() {
    for (const { worker, wanted } of this.#decoders) {
      worker.terminate();
      wanted?.tell(null);
    }
    for (const { tell } of this.#queue) tell(null);
    this.#decoders = [];
    this.#queue = [];
    this.#asked.clear();
  }

  #feed() {
    for (const decoder of this.#decoders) {
      if (decoder.wanted) continue;
      decoder.wanted = this.#queue.shift() ?? null;
      if (decoder.wanted) decoder.worker.postMessage(decoder.wanted.row.source);
    }
  }

  /** @param {import('./program.js').Program} program @param {{image: import('carzero').ImageConfig, side: number}} sizes */
  #start({ code, glue }, sizes) {
    const worker = startAlike(new URL('./decoder.js', import.meta.url).href);
    /** @type {Decoder} */ const decoder = { worker, wanted: null };
    const answer = (/** @type {RowRead | null} */ read) => {
      decoder.wanted?.tell(read);
      decoder.wanted = null;
      this.#feed();
    };
    worker.onmessage = ({ data }) => answer(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#most--;
      this.#decoders = this.#decoders.filter((other) => other !== decoder);
      worker.terminate();
      answer(null);
    };
    worker.postMessage({ code, glue, sizes });
    this.#decoders.push(decoder);
  }
}
