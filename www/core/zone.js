/**
 * Where a finding's score tells little, as measured on labelled images (`carzero evaluate --keep`).
 *
 * Nine in ten images with the finding reach one logit, nine in ten without it do not exceed another. Between the two
 * a score is common with the finding and without it: the uncertain zone. Beyond them it is rare in one of the groups.
 *
 * @typedef {import('carzero').Measured} Measured
 */
import { t } from './i18n.js';

/** The uncertain zone, from its lower end to its upper, or null if none was measured. @param {import('./table.js').Mark | undefined} score */
export function zoneOf(score) {
  const { undecided, standings } = score?.measured ?? {};
  return undecided && standings ? { undecided, standings } : null;
}

/** Where a score lies relative to the uncertain zone; '' if none was measured. @param {import('./table.js').Mark | undefined} score @returns {'' | 'above' | 'within' | 'below' | 'apart'} `apart`: the groups hardly overlap, and there is no zone */
export function sideOf(score) {
  const zone = zoneOf(score);
  if (!score || !zone) return '';
  const [from, to] = zone.undecided;
  if (from >= to) return 'apart';
  if (score.logit < from) return 'below';
  return score.logit > to ? 'above' : 'within';
}

/** Where a score lies relative to the uncertain zone, or why there is no zone, as a sentence. @param {import('./table.js').Mark} score */
export function sideInWords(score) {
  const { measured } = score;
  if (!measured) return t('zone.unmeasured');
  const { positives, negatives } = measured;
  const side = sideOf(score);
  return side
    ? t(`zone.${side}`)
    : t(positives < negatives ? 'zone.fewWith' : 'zone.fewWithout', { positives, negatives });
}
