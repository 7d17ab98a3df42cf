/**
 * Cases that a person reads, one after another: a learner's round of one or ten, or a reader study.
 *
 * @typedef {import('./viewport/transform.js').Point} Point
 * @typedef {import('./viewport/transform.js').Box} Box
 * @typedef {1 | 2 | 3 | 4 | 5} Confidence From surely absent to surely present
 * @typedef {Readonly<Record<string, readonly Box[] | null>>} Truth By finding: where it is, in parts of the picture; no box where nobody told; null where it is absent. What is missing, nobody knows
 *
 * @typedef {{seed: number, difficulty: number}} DrawnCase A phantom; its truth is known once it is drawn
 * @typedef {{key: string, file: File | null, truth: Truth}} FileCase `key`: a digest, so that no name is kept; without its file, that has to be chosen again
 * @typedef {DrawnCase | FileCase} Case
 *
 * @typedef {{case: number, aided: boolean, session: 1 | 2}} Step A reading of a case; aided: with the model
 * @typedef {object} Answer What a reader says of a case
 * @property {Readonly<Record<string, Confidence>>} confidence @property {Readonly<Record<string, Point>>} marks By finding, or '' before one is chosen for it
 * @typedef {Answer & {seconds: number}} Given From the picture shown to the answer, without the time that the page was hidden
 *
 * @typedef {'one' | 'ten' | 'study'} Purpose
 * @typedef {object} Round
 * @property {Purpose} purpose @property {readonly Case[]} cases None in a round of one, which takes what is opened
 * @property {readonly Step[]} steps @property {number} at The step in hand; at the end, their number
 * @property {boolean} ready The picture of that step is on show
 * @property {readonly string[]} findings That are asked for; none: those of the list
 * @property {readonly Given[]} given By step
 * @property {readonly (Known | undefined)[]} known By case
 * @property {Answer} answer In hand @property {string} finding That keys and taps are for, or ''
 * @property {number} rounds Of one, finished before this one
 * @property {boolean} clock The reader sees the time
 * @property {Outcome | null} outcome What a learner is shown of the step in hand
 *
 * @typedef {{truth: Truth, ratio: number, model: Readonly<Record<string, {logit: number, percentile?: number}>>}} Known What is known of a case once it was read: its truth, its height over its width, and what the model says
 *
 * @typedef {object} Outcome What is compared; words are the view's
 * @property {{finding: string, sure: Confidence | 0, score: import('./state.js').Score | undefined, drawn: boolean | null}[]} rows `drawn` is null where nobody knows
 * @property {{finding: string, share: number, distance: number} | 'unseen' | null} map The share of the map that is weaker than at the mark, and how far its peak lies
 * @property {import('./state.js').Warning[]} warnings What speaks against the model's side
 * @property {Truth | null} truth Null where nobody knows
 * @property {readonly Placed[]} placed How marks lie to what is there
 *
 * @typedef {{finding: string, distance: number, overlap: number, hit: boolean}} Placed See `placedOf`
 */

export const STEPS = /** @type {const} */ ([1, 2, 3, 4, 5]);
/** A finding is called present from this confidence on: a doubt is acted on. */
export const PRESENT_FROM = 3;
/** A mark that lies no further outside what is there, in parts of the picture's width, has found it: about a centimetre. */
export const NEAR = 0.03;
/** Of the circle around a mark, whose share in what is there is its overlap. */
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
/** Whether the reader has the say. @param {Round} round */
export const isReady = (round) => round.ready && isOpen(round);

/** What was said of the same case in the step before, without the model. @param {Round} round */
export const earlierOf = ({ at, steps, given }) =>
  at > 0 && steps[at]?.aided && steps[at - 1].case === steps[at].case ? given[at - 1] : undefined;

/** What an answer begins with. @param {Round} round @returns {Answer} */
export function beginning(round) {
  const { confidence, marks } = earlierOf(round) ?? noAnswer();
  return { confidence, marks };
}

/** @param {Answer} answer @param {string} finding */
export const isCalled = ({ confidence }, finding) => (confidence[finding] ?? 1) >= PRESENT_FROM;

/** What is left to say: how sure, or where. @param {Round} round @param {readonly string[]} findings @returns {'place' | 'guess' | ''} */
export function missingIn({ purpose, answer }, findings) {
  const told = findings.filter((finding) => answer.confidence[finding]);
  if (purpose === 'study' ? told.length < findings.length : !told.length) return 'guess';
  return findings.some((finding) => isCalled(answer, finding) && !answer.marks[finding]) ? 'place' : '';
}

/** A finding gets a confidence; one that is called present takes the place that was marked before it was chosen. @param {Answer} answer @param {string} finding @param {Confidence} confidence @returns {Answer} */
export function withConfidence({ confidence: before, marks }, finding, confidence) {
  const { '': open, ...others } = marks;
  const takes = open && confidence >= PRESENT_FROM && !marks[finding];
  return {
    confidence: { ...before, [finding]: confidence },
    marks: takes ? { ...others, [finding]: open } : marks,
  };
}

/** Nothing is there, and surely so. @param {readonly string[]} findings @returns {Answer} */
export const allClear = (findings) => ({
  confidence: Object.fromEntries(findings.map((finding) => [finding, /** @type {const} */ (1)])),
  marks: {},
});

/** Whether all findings are surely absent. @param {Answer} answer @param {readonly string[]} findings */
export const isClear = ({ confidence, marks }, findings) =>
  findings.length > 0 && !Object.keys(marks).length && findings.every((finding) => confidence[finding] === 1);

/** How far a point lies outside a box, in parts of the picture's width. @param {Point} point @param {Box} box @param {number} ratio Height over width */
export function distanceToBox({ x, y }, box, ratio) {
  const beyond = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ size) =>
    Math.max(low - value, 0, value - low - size);
  return Math.hypot(beyond(x, box.x, box.width), ratio * beyond(y, box.y, box.height));
}

const GRID = 24; // places across the circle

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

/** How marks lie to what is there, where that is known. @param {Answer} answer @param {Truth} truth @param {number} ratio Height over width @returns {Placed[]} */
export const placedOf = ({ marks }, truth, ratio) =>
  Object.entries(marks).flatMap(([finding, mark]) => {
    const boxes = truth[finding];
    if (!boxes?.length) return [];
    const distance = Math.min(...boxes.map((box) => distanceToBox(mark, box, ratio)));
    return [{ finding, distance, overlap: overlapOf(mark, boxes, ratio), hit: distance <= NEAR }];
  });

/** What a drawing shows of the findings that drawings can show. @param {readonly import('carzero').Truth[]} drawn @param {readonly string[]} findings @returns {Truth} */
export const truthOfDrawing = (drawn, findings) =>
  Object.fromEntries(
    findings.map((finding) => {
      const boxes = drawn.filter((each) => each.finding === finding);
      return [finding, boxes.length ? boxes : null];
    }),
  );

/** A number from 0 to 1 of a sequence that its seed decides (mulberry32). @param {number} seed */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In an order that the seed decides (Fisher and Yates). @template T @param {readonly T[]} items @param {number} seed @returns {T[]} */
export function shuffled(items, seed) {
  const random = randomOf(seed);
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}
