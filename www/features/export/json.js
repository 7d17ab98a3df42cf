/** Scores as JSON. */
import { PURPOSE, modelOf, referenceOf, short } from '../../core/written.js';
import { isNegated } from '../../core/wording.js';
import { sideOf } from '../../core/zone.js';

const SCALE =
  'Raw logits, not probabilities; percentiles among the reference images for the same prompt, none for words far from all that the model learnt. ' +
  'Negated: the prompt asks for an absence, which the model often misreads. ' +
  'Likeness: the cosine of the image encoder’s global features with those of the image that was searched with, -1 to 1; of view, device and hospital as well, not of diagnosis. ' +
  'Zone: within, where images with the finding and without it were both common in validation; above or below it, or apart, where there is none; null, where it was not measured.';

/** @param {import('./records.js').Record[]} records @param {import('../../worker/jobs.js').ModelInfo} info @param {import('./records.js').Searched | null} searched */
export function jsonOf(records, info, searched) {
  const images = records.map(({ image, side, width, height, verdict, warnings, error, likeness, scores }) => ({
    image,
    ...(side && { side }),
    width,
    height,
    ...(verdict && { verdict }),
    warnings,
    ...(error && { error }),
    ...(likeness !== undefined && { likeness: short(likeness) }),
    scores: scores.map((mark) => ({
      finding: mark.finding,
      prompt: mark.sentence,
      logit: short(mark.logit),
      i2t: short(mark.i2t),
      t2i: short(mark.t2i),
      percentile: short(mark.percentile) ?? null,
      wording: mark.wording ?? null,
      negated: isNegated(mark),
      zone: sideOf(mark) || null,
    })),
  }));
  const model = modelOf(info);
  return `${JSON.stringify({ note: `${PURPOSE}.`, scale: SCALE, model, reference: referenceOf(info), search: searched, images }, null, 2)}\n`;
}
