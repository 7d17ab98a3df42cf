/** A model in a worker of its own, for other pages; this project's page uses the same worker. */
import { CodedError } from '../core/errors.js';
import { filesFromList } from '../core/files.js';
import { diskFolder } from '../core/folders.js';
import { DEVICES } from '../core/preference.js';
import { startByAddress, startInheriting } from '../core/trusted.js';
import { begin } from '../worker/begin.js';
import { fileFromImage } from './images.js';

/**
 * @typedef {import('./images.js').ImageSource} ImageSource
 * @typedef {'auto' | 'webgpu' | 'cpu'} DeviceChoice `auto`: WebGPU where there is a hardware adapter that passes the self-test
 * @typedef {{received: number, total: number}} Progress Bytes of the model's files
 *
 * @typedef {object} LoadOptions
 * @property {string | URL | Iterable<File>} [model] The address of a model's folder, relative to the page, or the files of one; else the package `carzero-model-default`
 * @property {DeviceChoice} [device] Else `auto`
 * @property {(progress: Progress) => void} [onProgress] While files are fetched or read
 */

const DEFAULT_MODEL = 'carzero-model-default';

/** The folder of the default model: where an import map says, or else beside this package. */
function defaultModel() {
  try {
    return import.meta.resolve(`${DEFAULT_MODEL}/manifest.json`);
  } catch {
    return new URL(`../../${DEFAULT_MODEL}/manifest.json`, import.meta.url).href;
  }
}

/** @param {LoadOptions['model']} model @returns {import('../core/folders.js').Folder} */
function folderOf(model) {
  if (typeof model === 'object' && Symbol.iterator in model) {
    const folder = diskFolder(filesFromList(model));
    if (folder) return folder;
    throw new CodedError(
      'bad-manifest',
      'These files are no model: there is no manifest.json with a config.json beside it.',
    );
  }
  const address = model === undefined ? defaultModel() : `${model}`.replace(/\/*$/, '/');
  if (!URL.canParse(address, document.baseURI)) throw new CodedError('not-found', `${model} is no address.`);
  const url = new URL('./', new URL(address, document.baseURI)).href;
  return { kind: 'site', name: url.split('/').at(-2) ?? '', url };
}

/** By its address, which needs no `blob:` in the content policy; a worker of another origin cannot be started so. */
const start = new URL(import.meta.url).origin === globalThis.origin ? startByAddress : startInheriting;

/**
 * An image that the model has encoded: asking it for findings takes a fraction of the time.
 *
 * @typedef {object} EncodedImage
 * @property {number} id
 * @property {number} width @property {number} height In pixels
 * @property {import('carzero').View} view What the model saw of it
 * @property {boolean} synthetic Drawn by the program
 * @property {import('carzero').Verdict | undefined} verdict What it looks like to the model
 * @property {Float32Array} embedding The image encoder's global features, `[dim]`: by their cosine images are compared
 * @property {import('carzero').Warning[]} warnings Reasons not to score it as a frontal chest radiograph
 * @property {import('carzero').Note[]} notes How its file was read @property {import('carzero').Fact[]} facts Of a DICOM file
 * @property {import('carzero').Shown} pixels For a viewer
 */

export class CarzeroModel {
  #client;
  #examples;
  #lastId = 0;

  /** @private @param {import('../worker/client.js').WorkerClient} client @param {import('../worker/jobs.js').Answer<'start'>} started @param {import('../worker/jobs.js').Answer<'load'>} loaded */
  constructor(client, { phantoms, palettes }, { info }) {
    this.#client = client;
    this.#examples = phantoms;
    /** Colour maps for maps, the default first. @type {import('carzero').Palette[]} */
    this.palettes = palettes;
    /** All that is known of the model. @type {import('carzero').ModelInfo} */
    this.info = info;
  }

  /**
   * Fetches a model and starts it in a worker. Its files are kept in the browser's cache, by their SHA-256.
   *
   * @param {LoadOptions} [options]
   * @returns {Promise<CarzeroModel>}
   * @throws {CodedError} 'unsupported', 'policy', 'network', 'not-found', 'bad-manifest' and other codes
   */
  static async load({ model, device = 'auto', onProgress } = {}) {
    if (!globalThis.Worker || !globalThis.document)
      throw new CodedError('unsupported', 'CARZero runs in the pages of a browser: there are no web workers here.');
    if (!DEVICES.includes(device))
      throw new CodedError('unsupported', `There is no device ${device}: ${DEVICES.join(', ')}.`);
    const begun = begin(folderOf(model), { preference: device }, '', start);
    begun.onDownload = (progress) => progress && onProgress?.(progress);
    try {
      return new CarzeroModel(begun.client, await begun.started, await begun.loaded);
    } catch (error) {
      begun.client.stop();
      throw error instanceof CodedError && error.cause instanceof CodedError ? error.cause : error; // why it ended
    }
  }

  /** Resolves with the error if the worker ends by itself: this model answers no more, and another one has to be loaded. @returns {Promise<CodedError>} */
  get crashed() {
    return this.#client.crashed;
  }

  /** Names of the synthetic radiographs that `encodeImage` can draw. */
  get examples() {
    return this.#examples.map(({ name }) => name);
  }

  /**
   * Decodes and encodes an image. It is held until `release`.
   *
   * @param {ImageSource} image
   * @returns {Promise<EncodedImage>}
   */
  async encodeImage(image) {
    const picture = ++this.#lastId;
    const source = await this.#sourceOf(image);
    const { values, window, spacing, ...read } = await this.#client.call('decode', { picture, source });
    const { width, height, warnings, notes, facts } = read;
    const { view, verdict, embedding } = await this.#client.call('encode', { picture }).catch((error) => {
      this.#drop(picture);
      throw error;
    });
    const synthetic = 'phantom' in source;
    const pixels = { values, window, spacing };
    return { id: picture, width, height, view, synthetic, verdict, embedding, warnings, notes, facts, pixels };
  }

  /** @param {ImageSource} image @returns {Promise<import('../core/state.js').Source>} */
  async #sourceOf(image) {
    if (!(image instanceof Object && 'example' in image)) return { file: await fileFromImage(image) };
    const example = this.#examples.find(({ name }) => name === image.example);
    if (example) return { example, phantom: example.params, moving: false };
    throw new CodedError('bad-image', `There is no example ${image.example}: ${this.examples.join(', ')}.`);
  }

  /**
   * Scores findings, or whole sentences, on an image. A text is encoded once, and kept.
   *
   * @param {EncodedImage} image @param {readonly string[]} findings
   * @returns {Promise<import('carzero').Score[]>} In the order of the findings
   */
  async score({ id }, findings) {
    return (await this.#client.call('score', { picture: id, findings: [...findings] })).scores;
  }

  /** What the text encoder makes of a finding's sentence: its global features, `[dim]`, and one token for each word, `[words, dim]`. @param {string} finding @returns {Promise<import('carzero').EncodedText>} */
  encodeText(finding) {
    return this.#client.call('encodeText', { finding });
  }

  /** The sentence that is sent to the model for a finding. @param {string} finding @returns {Promise<string>} @throws {CodedError} 'bad-prompt' where the model can read nothing of it */
  sentence(finding) {
    return this.#client.call('sentence', { finding });
  }

  /** All numbers on the way from an image and a finding to their score, including the vectors of the text. @param {EncodedImage} image @param {string} finding @returns {Promise<import('carzero').Explanation>} */
  explain({ id }, finding) {
    return this.#client.call('explain', { picture: id, finding });
  }

  /** Findings that a free text names, by rules, as the prompts that the model knows. @param {string} text @returns {Promise<import('carzero').Typed>} */
  align(text) {
    return this.#client.call('typed', { text });
  }

  /** Japanese names of findings. @returns {Promise<Record<string, string>>} */
  japaneseNames() {
    return this.#client.call('japanese', {});
  }

  /** Lets go of an image. @param {EncodedImage} image */
  release({ id }) {
    this.#drop(id);
  }

  /** @param {number} picture */
  #drop(picture) {
    this.#client.call('drop', { picture }).catch(() => {}); // a worker that has ended holds nothing any more
  }

  /** Ends the worker. Calls that it has not answered are rejected as 'stopped'. @returns {Promise<void>} */
  async dispose() {
    this.#client.stop();
  }
}
