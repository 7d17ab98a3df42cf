/** Results for other programs: DICOM and FHIR, of the image in the viewer. A module of its own writes them, which is fetched only then. */
import { warningsOf } from '../../core/words.js';
import { referenceOf } from '../../core/written.js';
import { WorkerClient } from '../../worker/client.js';

/**
 * @typedef {import('../../core/state.js').Viewed} Viewed
 * @typedef {keyof import('../../worker/results.js').Jobs} Kind
 */

/** @type {Record<Kind, {name: string, type: string}>} */
export const KINDS = {
  report: { name: 'carzero-report.dcm', type: 'application/dicom' },
  capture: { name: 'carzero-map.dcm', type: 'application/dicom' },
  fhir: { name: 'carzero-fhir.json', type: 'application/fhir+json' },
};

/** The DICOM file on show, or null. @param {import('../../core/state.js').State} state */
export const dicomFile = ({ picture }) =>
  picture?.facts.length && 'file' in picture.source ? picture.source.file : null;

/** The scores of the image in the viewer, in the order of the list. @param {import('../../core/state.js').State} state */
export const scoresOf = ({ picture, findings, scores }) =>
  findings.flatMap((finding) => {
    const score = scores.get(finding);
    return score && score.picture === picture?.id ? [score] : [];
  });

/** The spacing of pixels, if the file states it. @param {import('../../core/state.js').Picture} picture */
function spacingOf({ facts }) {
  const fact = facts.find((each) => each.code === 'spacing');
  return fact?.code === 'spacing' ? { rows: fact.rows, columns: fact.columns, atDetector: fact.atDetector } : undefined;
}

/** @param {Viewed} state @param {import('../../worker/jobs.js').ModelInfo} info */
const resultsOf = (state, info) => ({
  model: { title: info.title, version: info.version, sha256: info.sha256 },
  population: referenceOf(info) ?? undefined,
  warnings: /** @type {import('carzero-outcome').Caution[]} */ (warningsOf(state.picture)),
  scores: scoresOf(state).map(({ sentence, logit, percentile, wording }) => ({ sentence, logit, percentile, wording })),
});

/** Writes a file. @param {Kind} kind @param {Viewed} state @param {boolean} refer Whether to refer to the DICOM file that was scored @param {import('../../worker/jobs.js').Call} call Calls the worker that holds the picture @returns {Promise<Blob>} */
export async function fileOf(kind, state, refer, call) {
  const { picture, info, map, selected } = state;
  if (!info) throw new Error('no model');
  const payload = { results: resultsOf(state, info), source: refer ? dicomFile(state) : null };
  /** @type {WorkerClient<import('../../worker/results.js').Jobs>} */ const client = new WorkerClient('./results.js');
  const write = async () => {
    if (kind !== 'capture') return client.call(kind, payload);
    const score = scoresOf(state).findIndex(({ finding }) => finding === selected);
    const values = scoresOf(state)[score]?.[map.kind];
    if (!values || !picture.view) throw new Error('no map');
    const grey = await call('grey', { picture: picture.id });
    const over = { kind: map.kind, view: picture.view, palette: map.palette, spacing: spacingOf(picture) };
    return client.call('capture', { ...payload, score, map: over, values, columns: picture.width, grey });
  };
  try {
    return new Blob([await write()], { type: KINDS[kind].type });
  } finally {
    client.stop();
  }
}
