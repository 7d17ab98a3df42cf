/** All that was measured of the finding on show, as JSON. */
import { curvesKey, headsKey, othersOf, partsKey, wordingsKey } from '../../core/experiments.js';
import { tell } from '../../core/i18n.js';
import { explanationOf } from '../../core/map.js';
import { warningsOf } from '../../core/words.js';
import { PURPOSE, modelOf, referenceOf, short } from '../../core/written.js';
import { known } from './answer.js';

const SCALE =
  'Raw logits, not probabilities; percentiles among the reference images for the same prompt and the same part of the model. ' +
  'Matrices are row by row; patches are counted from the top left of what the model sees. What is null was not measured.';

/** Numbers in their shortest form, arrays of them as such; pictures are left out. @param {string} _key @param {unknown} value */
function plain(_key, value) {
  if (value instanceof ImageBitmap) return undefined;
  if (value instanceof Float32Array) return [...value];
  return typeof value === 'number' ? short(value) : value;
}

/** The finding's scores on other images. @param {import('../../core/state.js').State} state */
function elsewhereOf(state) {
  const done = state.experiments.elsewhere.get(partsKey(state)) ?? [];
  const all = othersOf(state).slice(0, done.length);
  return all.map(({ name, without = null, phantom }, i) => {
    return { example: name || null, without, phantom, ...known(done[i]) };
  });
}

/** @param {import('../../core/state.js').Viewed} state @param {import('../../worker/jobs.js').ModelInfo} info @param {boolean} named With the name of the image's file */
export function jsonOf(state, info, named) {
  const { experiments, picture, scores, selected } = state;
  const { source, width, height, view, verdict } = picture;
  const name = named || !('file' in source) ? tell(picture.name) : null;
  const score = scores.get(selected);
  const of = partsKey(state);
  const audits = [...experiments.audits].flatMap(([key, audit]) =>
    key.startsWith(`${of}|`) && 'report' in audit
      ? [{ map: key.slice(of.length + 1).split('|')[0], ...audit.report }]
      : [],
  );
  const measured = {
    heads: known(experiments.heads.get(headsKey(state))),
    parts: known(experiments.parts.get(partsKey(state))),
    observations: known(experiments.observations.get(of)),
    wording: known(experiments.wordings.get(wordingsKey(state))),
    sides: known(experiments.sides.get(of)),
    look: audits.length ? audits : null,
    elsewhere: elsewhereOf(state),
    curves: known(experiments.curves.get(curvesKey(state)))?.report ?? null,
    steps: explanationOf(state) ?? null,
  };
  const written = {
    note: `${PURPOSE}.`,
    scale: SCALE,
    model: modelOf(info),
    reference: referenceOf(info),
    image: { name, width, height, view, verdict: verdict ?? null, warnings: warningsOf(picture) },
    finding: selected,
    prompt: score?.sentence ?? null,
    score: score && { logit: score.logit, i2t: score.i2t, t2i: score.t2i, percentile: score.percentile ?? null },
    experiments: measured,
  };
  return `${JSON.stringify(written, plain, 1)}\n`;
}
