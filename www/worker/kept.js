/**
 * What the model needs of the images of a series, so that a further sentence is scored without their files: tokens as
 * half-precision numbers, of which no pixel can be read. An image of the shipped model takes 0.1 MB, of ViT-B/16 0.3 MB.
 *
 * A search or a further finding goes through all images in turn, so dropping one to make room for another would not
 * help: once there is no room, the other images are decoded again when they are needed.
 *
 * @typedef {{numbers: Uint16Array, view: import('carzero').View}} Encoding `view`: the part of the image that the model saw
 */

const ROOM = 256 * 2 ** 20; // bytes: some 2600 images of the shipped model

export class Kept {
  #room;
  #left;
  /** @type {Map<number, Encoding>} */ #images = new Map();
  /** Whether the last one fitted. */
  hasRoom = true;

  /** @param {number} [room] Bytes */
  constructor(room = ROOM) {
    this.#room = this.#left = room;
  }

  /** @param {number} key */
  has(key) {
    return this.#images.has(key);
  }

  /** @param {number} key */
  get(key) {
    return this.#images.get(key);
  }

  /** @param {number} key @param {Encoding} encoding */
  keep(key, encoding) {
    const { byteLength } = encoding.numbers;
    this.#left += this.#images.get(key)?.numbers.byteLength ?? 0;
    this.hasRoom = byteLength <= this.#left;
    if (!this.hasRoom) return void this.#images.delete(key);
    this.#images.set(key, encoding);
    this.#left -= byteLength;
  }

  clear() {
    this.#images.clear();
    this.#left = this.#room;
    this.hasRoom = true;
  }
}
