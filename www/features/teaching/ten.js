/** A learner's round of ten. */
import { DRAWN } from '../../core/pack.js';
import { randomOf, roundOf, shuffled } from '../../core/round.js';
import { difficultyOf } from './progress.js';

const TEN = 10;

/** Chests as hard as the level, or cases of a pack, in an order that the seed decides. @param {number} level @param {number} seed @param {import('../../core/pack.js').Pack} [pack] */
export function roundOfTen(level, seed, pack) {
  const random = randomOf(seed);
  const difficulty = difficultyOf(level);
  const drawn = () => ({ seed: Math.floor(random() * 2 ** 32), difficulty });
  const cases = pack ? shuffled(pack.cases, seed).slice(0, TEN) : Array.from({ length: TEN }, drawn);
  const steps = cases.map((_case, i) => ({ case: i, aided: false, session: /** @type {const} */ (1) }));
  return roundOf({ purpose: 'ten', cases, steps, findings: pack?.findings ?? DRAWN });
}
