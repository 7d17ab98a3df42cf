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

/** Which workers alone have. @type {new () => {readAsArrayBuffer(part: Blob): ArrayBuffer}} */
const FileReaderSync = Reflect.get(globalThis, 'FileReaderSync');

/** A file that is read where it lies, and only what is asked for. @param {Blob} file */
function inPlace(file) {
  const reader = new FileReaderSync();
  return {
    /** @param {number} start @param {Uint8Array} into */
    read(start, into) {
      into.set(new Uint8Array(reader.readAsArrayBuffer(file.slice(start, start + into.length))));
    },
  };
}

/** @type {Parameters<typeof serve<Jobs, import('../core/conversion.js').Progress>>[0]} */
const jobs = {
  async convert({ file, tokenizer, heads: { image, text, fusion } }, tell) {
    const { wasm } = await startProgram('cpu');
    const words = new Uint8Array(await tokenizer.arrayBuffer());
    const converter = new wasm.Converter(file.name, file.size, inPlace(file), words, image, text, fusion);
    /** @type {Blob[]} Which the browser keeps, and may keep on disk */ const shards = [];
    /** @type {string[]} */ const digests = [];
    do {
      for (const shard of /** @type {Bytes[]} */ (converter.next())) {
        shards.push(new Blob([shard]));
        digests.push((await digestOf(shard)) ?? wasm.Converter.digest(shard));
      }
      const { last: name, left, tensors: of } = converter;
      tell({ name, done: of - left, of });
    } while (converter.left);
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
