/**
 * Cases that a person reads, one after another: a learner's round of one or ten, or a reader study.
 *
 * @typedef {import('./viewport/transform.js').Point} Point
 * @typedef {import('./viewport/transform.js').Box} Box
 * @typedef {1 | 2 | 3 | 4 | 5} Confidence From surely absent to surely present
 * @typedef {Readonly<Record<string, readonly Box[] | null>>} Truth By finding: its boxes, as fractions of the picture; an empty list if its place is unknown; null if it is absent. Of a finding without an entry nothing is known
 *
 * @typedef {{seed: number, difficulty: number}} DrawnCase A phantom; its truth is known once it is drawn
 * @typedef {{key: string, file: File | null, truth: Truth}} FileCase `key`: a digest, so that no name is stored; `file` is null until it has been chosen again
 * @typedef {DrawnCase | FileCase} Case
 *
 * @typedef {{case: number, aided: boolean, session: 1 | 2}} Step A reading of a case; aided: with the model
 * @typedef {object} Answer What a reader says of a case
 * @property {Readonly<Record<string, Confidence>>} confidence @property {Readonly<Record<string, Point>>} marks By finding; under '' the mark whose finding is not chosen yet
 * @typedef {Answer & {seconds: number}} Given `seconds`: from showing the picture to the answer, without the time that the page was hidden
 *
 * @typedef {'one' | 'ten' | 'study'} Purpose
 * @typedef {object} Round
 * @property {Purpose} purpose @property {readonly Case[]} cases None in a round of one, which takes what is opened
 * @property {readonly Step[]} steps @property {number} at Index of the current step; at the end, the number of steps
 * @property {boolean} ready The picture of that step is on show
 * @property {readonly string[]} findings The findings that are asked for; if empty, those of the page's list
 * @property {readonly Given[]} given By step
 * @property {readonly (Known | undefined)[]} known By case
 * @property {Answer} answer To the current step @property {string} finding The one that keys and taps apply to, or ''
 * @property {number} rounds How many rounds of one case were finished before this one
 * @property {boolean} clock The reader sees the time
 * @property {Outcome | null} outcome What a learner is shown after answering the current step
 *
 * @typedef {{truth: Truth, ratio: number, model: Readonly<Record<string, {logit: number, percentile?: number}>>}} Known What is known of a case once it was read: its truth, the picture's height over its width, and the model's scores
 *
 * @typedef {object} Outcome What is compared, as numbers that the view puts into words
 * @property {{finding: string, sure: Confidence | 0, score: import('./state.js').Score | undefined, drawn: boolean | null}[]} rows `drawn` is null if it is not known
 * @property {{finding: string, share: number, distance: number} | 'unseen' | null} map The share of the map that is weaker than at the mark, and how far its peak lies
 * @property {import('./state.js').Warning[]} warnings Reasons to doubt the model's scores
 * @property {Truth | null} truth Null if it is not known
 * @property {readonly Placed[]} placed How marks lie relative to the true boxes
 *
 * @typedef {{finding: string, distance: number, overlap: number, hit: boolean}} Placed See `placedOf`
 */

export const STEPS = /** @type {const} */ ([1, 2, 3, 4, 5]);
/** A finding counts as called present from this confidence on: one that is in doubt would be acted on. */
export const PRESENT_FROM = 3;
/** How far outside a true box a mark may lie and still be a hit, as a fraction of the picture's width: about a centimetre. */
export const NEAR = 0.03;
/** Radius of the circle around a mark, in picture widths. The share of it in the true boxes is the mark's overlap. */
export const RADIUS = 0.05;

/** @returns {Answer} */
export const noAnswer = () => ({ confidence: {}, marks: {} });

/** @param {Pick<Round, 'purpose'> & Partial<Round>} begun @returns {Round} */
export const roundOf = (begun) => ({
  cases: [],
  steps: [{ case: 0, aided: false, session: 1 }],
  at: 0,
  ready: begun.purpose === 'one',
  findings: [],
  given: [],
  known: [],
  answer: noAnswer(),
  finding: '',
  rounds: 0,
  clock: false,
  outcome: null,
  ...begun,
});

/** Whether all is read. @param {Pick<Round, 'at' | 'steps'>} round */
export const isOver = ({ at, steps }) => at >= steps.length;
/** Whether the model is shown. @param {Round} round */
export const isAided = ({ at, steps }) => steps[at]?.aided ?? false;
/** Whether the answer is still to come. @param {Round} round */
export const isOpen = (round) => !round.outcome && !isOver(round);
/** Whether the reader can answer now. @param {Round} round */
export const isReady = (round) => round.ready && isOpen(round);

/** The answer to the same case in the step before, without the model. @param {Round} round */
export const earlierOf = ({ at, steps, given }) =>
  at > 0 && steps[at]?.aided && steps[at - 1].case === steps[at].case ? given[at - 1] : undefined;

/** The answer that a step begins with: with the model, the one that was given without it. @param {Round} round @returns {Answer} */
export function beginning(round) {
  const { confidence, marks } = earlierOf(round) ?? noAnswer();
  return { confidence, marks };
}

/** @param {Answer} answer @param {string} finding */
export const isCalled = ({ confidence }, finding) => (confidence[finding] ?? 1) >= PRESENT_FROM;

/** What the answer still lacks: a confidence ('guess'), a mark ('place'), or nothing. @param {Round} round @param {readonly string[]} findings @returns {'place' | 'guess' | ''} */
export function missingIn({ purpose, answer }, findings) {
  const told = findings.filter((finding) => answer.confidence[finding]);
  if (purpose === 'study' ? told.length < findings.length : !told.length) return 'guess';
  return findings.some((finding) => isCalled(answer, finding) && !answer.marks[finding]) ? 'place' : '';
}

/** Sets a finding's confidence. If that calls it present and it has no mark, it takes the one made before a finding was chosen. @param {Answer} answer @param {string} finding @param {Confidence} confidence @returns {Answer} */
export function withConfidence({ confidence: before, marks }, finding, confidence) {
  const { '': open, ...others } = marks;
  const takes = open && confidence >= PRESENT_FROM && !marks[finding];
  return {
    confidence: { ...before, [finding]: confidence },
    marks: takes ? { ...others, [finding]: open } : marks,
  };
}

/** The answer that all findings are surely absent. @param {readonly string[]} findings @returns {Answer} */
export const allClear = (findings) => ({
  confidence: Object.fromEntries(findings.map((finding) => [finding, /** @type {const} */ (1)])),
  marks: {},
});

/** Whether all findings are surely absent. @param {Answer} answer @param {readonly string[]} findings */
export const isClear = ({ confidence, marks }, findings) =>
  findings.length > 0 && !Object.keys(marks).length && findings.every((finding) => confidence[finding] === 1);

/** How far a point lies outside a box, as a fraction of the picture's width. @param {Point} point @param {Box} box @param {number} ratio Height over width */
export function distanceToBox({ x, y }, box, ratio) {
  const beyond = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ size) =>
    Math.max(low - value, 0, value - low - size);
  return Math.hypot(beyond(x, box.x, box.width), ratio * beyond(y, box.y, box.height));
}

const GRID = 24; // sample points across the circle

/** The share of a circle around a point that lies in any of the boxes. @param {Point} point @param {readonly Box[]} boxes @param {number} ratio Height over width */
export function overlapOf({ x, y }, boxes, ratio) {
  let [all, inside] = [0, 0];
  for (let i = 0; i < GRID * GRID; i++) {
    const [dx, dy] = [i % GRID, Math.floor(i / GRID)].map((at) => (2 * (at + 0.5)) / GRID - 1);
    if (dx * dx + dy * dy > 1) continue;
    const place = { x: x + RADIUS * dx, y: y + (RADIUS * dy) / ratio };
    all++;
    if (boxes.some((box) => distanceToBox(place, box, ratio) === 0)) inside++;
  }
  return inside / all;
}

/** How marks lie relative to the true boxes, for findings that have any. @param {Answer} answer @param {Truth} truth @param {number} ratio Height over width @returns {Placed[]} */
export const placedOf = ({ marks }, truth, ratio) =>
  Object.entries(marks).flatMap(([finding, mark]) => {
    const boxes = truth[finding];
    if (!boxes?.length) return [];
    const distance = Math.min(...boxes.map((box) => distanceToBox(mark, box, ratio)));
    return [{ finding, distance, overlap: overlapOf(mark, boxes, ratio), hit: distance <= NEAR }];
  });

/** The truth of a synthetic chest: of the given findings, those that are not drawn are absent. @param {readonly import('carzero').Truth[]} drawn @param {readonly string[]} findings @returns {Truth} */
export const truthOfDrawing = (drawn, findings) =>
  Object.fromEntries(
    findings.map((finding) => {
      const boxes = drawn.filter((each) => each.finding === finding);
      return [finding, boxes.length ? boxes : null];
    }),
  );

/** A generator of pseudo-random numbers from 0 to 1 with a seed (mulberry32). @param {number} seed */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A copy in a random order that the seed decides (Fisher and Yates). @template T @param {readonly T[]} items @param {number} seed @returns {T[]} */
export function shuffled(items, seed) {
  const random = randomOf(seed);
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}
