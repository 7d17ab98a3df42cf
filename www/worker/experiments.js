/** The jobs of the experiments, on the picture at hand. */
import { PHANTOM_SIZE, encodedOf, entryOf, held } from './held.js';
import { bitmapOfView } from './pictures.js';

/** @type {import('./program.js').Audit | undefined} The one under way */ let audit;
/** @type {import('./program.js').Curves | undefined} Those under way */ let curves;

/** @type {import('./jobs.js').Some<'bothHeads' | 'ablate' | 'sensitivity' | 'audit' | 'auditStep' | 'observe' | 'sides' | 'elsewhere' | 'curves' | 'curvesStep'>} */
export const experimentJobs = {
  async bothHeads({ picture: id, findings, finding }) {
    /** @type {import('carzero').BothHeads[]} */
    const both = await held.model.bothHeads(encodedOf(id), findings);
    const map = await held.model.cosineMap(encodedOf(id), finding);
    const all = both.map((each, i) => ({ finding: findings[i], ...each }));
    return [{ all, map }, map ? [map.buffer] : []];
  },

  async ablate({ picture: id, finding }) {
    return [await held.model.ablate(encodedOf(id), finding)];
  },

  async sensitivity({ picture: id, finding, own }) {
    return [await held.model.sensitivity(encodedOf(id), finding, [...own])];
  },

  async audit({ picture: id, finding, map, cover }) {
    audit?.free();
    audit = undefined;
    audit = await held.model.audit(entryOf(id).picture, encodedOf(id), finding, map, cover);
    return [{ passes: audit.passes }];
  },

  async auditStep() {
    if (!audit) throw new Error('no audit is in hand');
    await held.model.auditStep(audit);
    return [{ done: audit.done, passes: audit.passes, report: audit.report() }];
  },

  async observe({ picture: id, finding }) {
    /** @type {import('carzero').Observed} */ const observed = await held.model.observe(encodedOf(id), finding);
    const buffers = observed.observations.flatMap(({ attention, similarity }) => [attention.buffer, similarity.buffer]);
    return [observed, buffers];
  },

  async sides({ picture: id, finding }) {
    return [await held.model.sides(entryOf(id).picture, encodedOf(id), finding)];
  },

  /** Scores a synthetic chest, or the same one without one of its findings. Nothing of it is kept. */
  async elsewhere({ phantom, without, finding }) {
    const params = without ? held.program.wasm.phantomWithout(phantom, without) : phantom;
    if (!params) throw new Error(`no ${without} is drawn`);
    const picture = held.program.wasm.Picture.phantom(params, PHANTOM_SIZE);
    let encoded;
    try {
      encoded = await held.model.encodeImage(picture);
      const [score] = await held.model.score(encoded, [finding]);
      const { logit, percentile, attention, similarity } = score;
      const seen = await bitmapOfView(picture, encoded.view);
      return [{ logit, percentile, attention, similarity, seen }, [attention.buffer, similarity.buffer, seen]];
    } finally {
      encoded?.free();
      picture.free();
    }
  },

  async curves({ picture: id, finding, map }) {
    curves?.free();
    curves = undefined;
    curves = await held.model.curves(entryOf(id).picture, encodedOf(id), finding, map);
    return [{ passes: curves.passes }];
  },

  async curvesStep() {
    if (!curves) throw new Error('no curves are in hand');
    await held.model.curvesStep(curves);
    return [{ done: curves.done, passes: curves.passes, report: curves.report() }];
  },
};
