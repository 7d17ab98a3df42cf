/**
 * What a learner has seen and found so far, kept in this browser: counts by finding, and how hard the next chests are.
 *
 * @typedef {{present: number, found: number, placed: number, absent: number, cleared: number}} Tally Cases with the finding, those called present, those marked where it is; cases without it, those called absent
 * @typedef {{level: number, right: readonly boolean[], findings: Readonly<Record<string, Tally>>}} Progress `right`: whether all findings were right, for each chest of the present ten; a full ten stays until the next chest
 */
import { isCalled } from '../../core/round.js';
import { read, write } from '../../core/preference.js';

const NAME = 'carzero-progress';
export const LEVELS = 5;
const ROUND = 10;
const [UP, DOWN] = [8, 4]; // chests of ten with all findings right: from UP on the level rises, below DOWN it falls

/** @returns {Tally} */
const noTally = () => ({ present: 0, found: 0, placed: 0, absent: 0, cleared: 0 });

/** @returns {Progress} */
export const noProgress = () => ({ level: 1, right: [], findings: {} });

/** How hard chests of a level are, from 0 to 1. @param {number} level From 1 */
export const difficultyOf = (level) => (level - 1) / (LEVELS - 1);

/**
 * The progress after one more case.
 *
 * @param {Progress} before @param {import('../../core/round.js').Answer} answer @param {import('../../core/round.js').Truth} truth
 * @param {readonly import('../../core/round.js').Placed[]} placed @param {boolean} counts Whether the case counts towards the level
 * @returns {Progress}
 */
export function learn({ level, right, findings }, answer, truth, placed, counts) {
  const after = { ...findings };
  for (const [finding, there] of Object.entries(truth)) {
    const tally = { ...(findings[finding] ?? noTally()) };
    const called = isCalled(answer, finding);
    if (!there && !answer.confidence[finding]) continue; // nothing was said of it
    tally[there ? 'present' : 'absent'] += 1;
    if (there) tally.found += Number(called);
    else tally.cleared += Number(!called);
    tally.placed += Number(placed.some((each) => each.finding === finding && each.hit));
    after[finding] = tally;
  }
  if (!counts) return { level, right, findings: after };
  const all = [
    ...(right.length < ROUND ? right : []),
    Object.entries(truth).every(([finding, there]) => Boolean(there) === isCalled(answer, finding)),
  ];
  if (all.length < ROUND) return { level, right: all, findings: after };
  const good = all.filter(Boolean).length;
  const next = Math.max(1, Math.min(LEVELS, level + Number(good >= UP) - Number(good < DOWN)));
  return { level: next, right: all, findings: after };
}

/** @param {any} kept What was read @returns {kept is Progress} */
const isProgress = (kept) =>
  Number.isInteger(kept?.level) &&
  kept.level >= 1 &&
  kept.level <= LEVELS &&
  Array.isArray(kept.right) &&
  Object.values(kept.findings ?? {}).every((tally) =>
    Object.keys(noTally()).every((name) => Number.isInteger(/** @type {any} */ (tally)?.[name])),
  );

/** @returns {Progress} */
export function readProgress() {
  try {
    const kept = JSON.parse(read(NAME) ?? 'null');
    return isProgress(kept) ? kept : noProgress();
  } catch {
    return noProgress();
  }
}

/** @param {Progress} progress */
export const writeProgress = (progress) => write(NAME, JSON.stringify(progress));
