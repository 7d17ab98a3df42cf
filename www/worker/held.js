/** What the worker holds: the program, the model, the decoded pictures, what is kept of a series, and who reads its files. */
import { Decoders } from './decoders.js';
import { Kept } from './kept.js';
import { decodePicture } from './pictures.js';

export const PHANTOM_SIZE = 768;
const DRAFT_SIZE = 384;

/**
 * @typedef {import('../core/state.js').Source} Source
 * @typedef {{source: Source, picture: import('./program.js').Picture, encoded: import('./program.js').EncodedImage | null}} Entry
 *
 * @typedef {object} Held
 * @property {import('./jobs.js').Device} device From 'start' on
 * @property {import('./program.js').Program} program From 'start' on
 * @property {import('./program.js').Model} model From 'load' on
 * @property {Map<number, Entry>} pictures By their numbers
 * @property {Kept} kept What is kept of the images of a series
 * @property {Decoders} decoders Workers that read the files of a series ahead
 */
export const held = /** @type {Held} */ ({ pictures: new Map(), kept: new Kept(), decoders: new Decoders() });

/** @param {Source} source */
export const decode = (source) =>
  decodePicture(held.program.wasm, source, 'moving' in source && source.moving ? DRAFT_SIZE : PHANTOM_SIZE);

/** A picture that was decoded; throws where none was. @param {number} id */
export function entryOf(id) {
  const entry = held.pictures.get(id);
  if (!entry) throw new Error(`no picture ${id}`);
  return entry;
}

/** A picture that was encoded; throws where it was not. @param {number} id */
export function encodedOf(id) {
  const { encoded } = entryOf(id);
  if (!encoded) throw new Error(`picture ${id} is not encoded`);
  return encoded;
}
