/**
 * The worker that writes results for other programs. It owns the module for that, and ends with its one job.
 *
 * @typedef {typeof import('carzero-results')} Exports
 * @typedef {{results: Omit<import('carzero-outcome').Results, 'source'>, source: Blob | null}} Payload `source`: the DICOM file that the results refer to
 * @typedef {Payload & {score: number, map: import('carzero-outcome').ResultMap, values: Float32Array, columns: number, grey: Uint8Array}} Over A score's map, to be drawn over its image
 * @typedef {object} Jobs
 * @property {(payload: Payload) => BlobPart} report A DICOM Structured Report
 * @property {(payload: Payload) => BlobPart} fhir A Bundle of FHIR resources, as JSON
 * @property {(payload: Over) => BlobPart} capture A DICOM Secondary Capture
 */
import { CodedError } from '../core/errors.js';
import { startModule } from './program.js';
import { serve } from './serve.js';

/** @param {Payload} payload */
async function writerOf({ results, source }) {
  /** @type {Exports} */ const { Writer, sourceUids } = (await startModule('carzero-results')).wasm;
  const uids = source ? sourceUids(new Uint8Array(await source.arrayBuffer())) : undefined;
  if (source && !uids) throw new CodedError('no-uids', 'the DICOM file has no identifiers to refer to');
  return new Writer({ ...results, source: uids }, crypto.getRandomValues(new Uint8Array(16)), Date.now() / 1000);
}

/** @type {Parameters<typeof serve<Jobs, null>>[0]} */
const jobs = {
  async report(payload) {
    return /** @type {Uint8Array<ArrayBuffer>} */ ((await writerOf(payload)).report());
  },

  async fhir(payload) {
    return (await writerOf(payload)).fhir();
  },

  async capture({ score, map, values, columns, grey, ...payload }) {
    const writer = await writerOf(payload);
    return /** @type {Uint8Array<ArrayBuffer>} */ (writer.capture(score, map, values, columns, grey));
  },
};

serve(jobs);
