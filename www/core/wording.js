/**
 * What the model knows of a finding's words. If they are far from all that it learnt, a score says nothing: they get no
 * percentile, and are ranked last.
 *
 * @typedef {import('carzero').Wording} Wording
 */
import { nameOf, t } from './i18n.js';
import { reading, signed, standing } from './words.js';
import { sideOf } from './zone.js';

/** Whether the model learnt nothing near these words. @param {{wording?: Wording} | undefined} score */
export const isUnknown = (score) => score?.wording?.standing === 'unknown';

/** "near Pleural Effusion", or '' for words that were learnt, or of which nothing is known. @param {{wording?: Wording} | undefined} score */
export const related = (score) =>
  score?.wording?.standing === 'related' ? t('wording.related', { finding: nameOf(score.wording.finding) }) : '';

const NEGATION = /\b(no|not|without|absent|absence|free of|normal)\b/i;

/** Whether a prompt asks for a finding's absence, or for what is normal, which the model often misreads. @param {{finding: string}} score */
export const isNegated = ({ finding }) => NEGATION.test(finding);

/** What has to be said of a finding's words wherever its score is shown by itself. @param {{finding: string, wording?: Wording}} score @returns {string[]} */
export const cautionsOfWords = (score) => [
  ...(score.wording?.standing === 'related'
    ? [t('wording.relatedText', { finding: nameOf(score.wording.finding) })]
    : []),
  ...(isNegated(score) ? [t('detail.negation')] : []),
];

/** These cautions in a word or two, for a row. @param {import('./table.js').Mark | undefined} score */
export const marksOfWords = (score) =>
  score
    ? [isUnknown(score) ? t('wording.unknown') : related(score), isNegated(score) ? t('wording.negated') : '']
        .filter(Boolean)
        .join(' · ')
    : '';

/** These cautions with the uncertain zone. @param {import('./table.js').Mark | undefined} score */
export const marksOf = (score) =>
  [sideOf(score) === 'within' ? t('zone.word') : '', marksOfWords(score)].filter(Boolean).join(' · ');

/** Where a score stands among the reference images, or why it has no standing, as a sentence. @param {import('carzero').Score} score */
export function scoreInWords(score) {
  const values = { sentence: score.sentence, logit: signed(score.logit) };
  if (score.percentile === undefined) return t(isUnknown(score) ? 'figure.unknown' : 'figure.noReference', values);
  return t('figure.reading', { ...values, reading: reading(score.percentile) });
}

/** A score for a table's cell: its percentile, else its logit. @param {{percentile?: number, logit: number} | undefined} mark */
export const placeInWords = (mark) =>
  !mark ? '…' : mark.percentile === undefined ? signed(mark.logit) : standing(mark.percentile);

/** `placeInWords` with the uncertain zone, for the scores of two images side by side. @param {import('./table.js').Mark | undefined} mark */
export const placeWithZone = (mark) =>
  [placeInWords(mark), sideOf(mark) === 'within' ? t('zone.word') : ''].filter(Boolean).join(' · ');

/** "87th percentile", or "logit 1.20". @param {{percentile?: number, logit: number}} score */
export const standingInWords = ({ percentile, logit }) =>
  percentile === undefined
    ? t('figure.logit', { logit: signed(logit) })
    : t('percentile', { standing: standing(percentile) });

/** Why a score has no percentile, in a few words. @param {{wording?: Wording}} score */
export const unranked = (score) => t(isUnknown(score) ? 'wording.unknown' : 'findings.noReference');
