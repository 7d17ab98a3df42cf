/** Scores as JSON. */
import { PURPOSE, short } from './records.js';

/** @param {import('./records.js').Record[]} records @param {any} info See `ModelInfo` in the wasm boundary */
export function jsonOf(records, { name, title, version, precision, device, population }) {
  const images = records.map(({ image, width, height, verdict, error, scores }) => ({
    image,
    width,
    height,
    ...(verdict && { verdict }),
    ...(error && { error }),
    scores: scores.map(({ finding, sentence, logit, i2t, t2i, percentile }) => ({
      finding, prompt: sentence, logit: short(logit), i2t: short(i2t), t2i: short(t2i), percentile: short(percentile) ?? null,
    })),
  }));
  const model = { name, title, version, precision, device: device.kind };
  return `${JSON.stringify({ note: `${PURPOSE}.`, scale: 'Raw logits, not probabilities; percentiles among the reference images for the same prompt.', model, reference: population ?? null, images }, null, 2)}\n`;
}
