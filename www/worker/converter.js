/**
 * The worker that makes a model folder of a published checkpoint. It owns a module for the CPU, on which the folder's self-test
 * is computed, and ends with its one job.
 *
 * @typedef {import('../core/conversion.js').Heads} Heads
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 * @typedef {object} Jobs
 * @property {(payload: {file: File, tokenizer: Blob, heads: Heads}) => Map<string, File>} convert To 8 bits; the files by their names in the folder
 */
import { digestOf } from './digest.js';
import { feedFromDisk, manifestFromDisk } from './disk.js';
import { startProgram } from './program.js';
import { serve } from './serve.js';

/** Exists in workers only. @type {new () => {readAsArrayBuffer(part: Blob): ArrayBuffer}} */
const FileReaderSync = Reflect.get(globalThis, 'FileReaderSync');

/** Most bytes of a part that is read ahead; a larger one is read when it is its turn. */
const AHEAD = 32 << 20;

/** A file of which only those parts are read that are asked for. */
class Stored {
  #file;
  #reader = new FileReaderSync();
  /** A part that has been fetched. @type {{start: number, bytes: Bytes} | null} */ #held = null;

  /** @param {Blob} file */
  constructor(file) {
    this.#file = file;
  }

  /** Fetches a part while something else is computed. @param {ArrayLike<number> | undefined} place Offset and length in bytes @returns {Promise<() => void>} A function that holds the part in place of the one before */
  async fetch(place) {
    const [start, length] = [place?.[0] ?? 0, place?.[1] ?? 0];
    const part = length <= AHEAD ? this.#file.slice(start, start + length) : null;
    const bytes = await part?.arrayBuffer().catch(() => null); // `read` then tries again, and throws
    return () => {
      this.#held = bytes ? { start, bytes: new Uint8Array(bytes) } : null;
    };
  }

  /** @param {number} start @param {Uint8Array} into */
  read(start, into) {
    const end = start + into.length;
    const held = this.#held;
    if (held && start >= held.start && end <= held.start + held.bytes.length)
      return into.set(held.bytes.subarray(start - held.start, end - held.start));
    into.set(new Uint8Array(this.#reader.readAsArrayBuffer(this.#file.slice(start, end))));
  }
}

/** @type {Parameters<typeof serve<Jobs, import('../core/conversion.js').Progress>>[0]} */
const jobs = {
  async convert({ file, tokenizer, heads: { image, text, fusion } }, tell) {
    const { wasm } = await startProgram('cpu');
    const words = new Uint8Array(await tokenizer.arrayBuffer());
    const stored = new Stored(file);
    const converter = new wasm.Converter(file.name, file.size, stored, words, image, text, fusion);
    /** @type {Blob[]} Held by the browser, which may put them on disk */ const shards = [];
    /** @type {Promise<string>[]} Digests of the shards, computed while others are filled */ const digesting = [];
    let coming = stored.fetch(converter.place(0));
    do {
      const hold = await coming;
      hold();
      coming = stored.fetch(converter.place(1));
      for (const shard of /** @type {Bytes[]} */ (converter.next())) {
        await digesting.at(-1); // one at a time, as each holds a copy
        shards.push(new Blob([shard]));
        digesting.push(digestOf(shard).then((digest) => digest ?? wasm.Converter.digest(shard)));
      }
      const { last: name, left, tensors: of } = converter;
      tell({ name, done: of - left, of });
    } while (converter.left);
    const digests = await Promise.all(digesting);
    /** @param {Float32Array} [logits] */
    const folder = (logits) => {
      const [config, tokens, manifest] = /** @type {Bytes[]} */ (converter.files(digests, logits));
      /** @type {{files: {path: string}[]}} */ const { files } = JSON.parse(new TextDecoder().decode(manifest));
      const contents = [config, tokens, ...shards];
      const named = files.map(({ path }, i) => /** @type {const} */ ([path, new File([contents[i]], path)]));
      return new Map([...named, ['manifest.json', new File([manifest], 'manifest.json')]]);
    };
    const untested = folder();
    const loader = await wasm.Loader.create(await manifestFromDisk(untested));
    await feedFromDisk(untested, loader, () => tell(null));
    const model = await loader.finish(true);
    return folder(await model.testPattern());
  },
};

serve(jobs);
