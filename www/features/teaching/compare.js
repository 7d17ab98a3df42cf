/** How a learner's answer compares with the model's and with what is known. */
import { ranked } from '../../core/derived.js';
import { DRAWN } from '../../core/pack.js';
import { isCalled, placedOf, truthOfDrawing } from '../../core/round.js';
import { warningsOf } from '../../core/words.js';

/** @typedef {import('../../core/round.js').Point} Point */

/**
 * Where a mark lies on a map: the share of weaker patches, and the distance from the peak. Null outside of the map.
 *
 * @param {Point} mark @param {Float32Array} map Row by row @param {number} side
 * @param {import('../../core/viewport/transform.js').Box} view What the map covers, in fractions of the picture @param {number} ratio Height over width
 */
export function placeInMap(mark, map, side, view, ratio) {
  const [column, row] = [(side * (mark.x - view.x)) / view.width, (side * (mark.y - view.y)) / view.height].map(
    Math.floor,
  );
  if (column < 0 || row < 0 || column >= side || row >= side) return null;
  const here = map[row * side + column];
  const peak = map.indexOf(Math.max(...map));
  const [x, y] = [
    view.x + (view.width * ((peak % side) + 0.5)) / side,
    view.y + (view.height * (Math.floor(peak / side) + 0.5)) / side,
  ];
  return {
    share: map.filter((value) => value < here).length / map.length,
    distance: Math.hypot(x - mark.x, ratio * (y - mark.y)),
  };
}

/** The learner's mark on the model's map of a finding. @param {import('../../core/state.js').Viewed} state @param {string | undefined} finding @param {Point | undefined} mark */
function onMap({ picture: { view, width, height }, scores, info, map }, finding, mark) {
  const score = finding === undefined ? undefined : scores.get(finding);
  if (!finding || !score || !mark || !view || !info) return null;
  const part = { x: view.x / width, y: view.y / height, width: view.width / width, height: view.height / height };
  const place = placeInMap(mark, score[map.kind], info.mapSide, part, height / width);
  return place ? { finding, ...place } : 'unseen';
}

/**
 * Compares a case that was answered.
 *
 * @param {import('../../core/state.js').Viewed} state @param {import('../../core/round.js').Answer} answer @param {import('../../core/round.js').Truth | null} truth
 * @returns {import('../../core/round.js').Outcome}
 */
export function compare(state, answer, truth) {
  const { picture, scores } = state;
  const order = ranked(state);
  const drawn = Object.keys(truth ?? {}).filter((finding) => truth?.[finding]);
  const called = order.filter((finding) => isCalled(answer, finding));
  const names = [...new Set([...drawn, ...called, ...order.slice(0, 1)])];
  const rows = names.map((finding) => ({
    finding,
    sure: answer.confidence[finding] ?? 0,
    score: scores.get(finding),
    drawn: truth && finding in truth ? Boolean(truth[finding]) : null,
  }));
  const compared = names.find((finding) => scores.has(finding) && answer.marks[finding]);
  return {
    rows,
    map: onMap(state, compared, answer.marks[compared ?? '']),
    warnings: warningsOf(picture),
    truth,
    placed: truth ? placedOf(answer, truth, picture.height / picture.width) : [],
  };
}

/** What is known of the case on show, and the model's scores of it. @param {import('../../core/state.js').Viewed} state @param {import('../../core/round.js').Round} round @returns {import('../../core/round.js').Known} */
export function knownOf({ picture, scores, findings }, round) {
  const one = round.cases[round.steps[round.at].case];
  const drawn = 'phantom' in picture.source ? truthOfDrawing(picture.truth, DRAWN) : {};
  const model = findings.flatMap((finding) => {
    const score = scores.get(finding);
    return score?.picture === picture.id ? [[finding, { logit: score.logit, percentile: score.percentile }]] : [];
  });
  return {
    truth: one && 'truth' in one ? one.truth : drawn,
    ratio: picture.height / picture.width,
    model: Object.fromEntries(model),
  };
}

/** All true boxes, in the form in which the viewer outlines them. @param {import('../../core/round.js').Truth} truth @returns {import('carzero').Truth[]} */
export const boxesOf = (truth) =>
  Object.entries(truth).flatMap(([finding, places]) => (places ?? []).map((box) => ({ ...box, finding })));
