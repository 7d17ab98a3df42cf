/** What is written below the image of a figure. */
import { glossOf, t } from '../../core/i18n.js';
import { shownMap } from '../../core/map.js';
import { cautionsOfWords, isUnknown, scoreInWords, standingInWords } from '../../core/wording.js';
import { cautions, modelInWords } from '../../core/words.js';
import { sideInWords } from '../../core/zone.js';

const WIDE = '\u3000-\u30ff\u3400-\u9fff\uff00-\uffef';
/** What is not broken across lines: a word, or a character of Japanese with the punctuation after it. */
const UNIT = new RegExp(`(?:[${WIDE}]|[^\\s${WIDE}]+)[、。：）」]*\\s*`, 'gu');

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} width @returns {string[]} */
export function wrap(context, text, width) {
  const lines = [''];
  for (const [unit] of text.matchAll(UNIT)) {
    const longer = lines[lines.length - 1] + unit;
    if (lines[lines.length - 1] && context.measureText(longer.trimEnd()).width > width) lines.push(unit);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** What the caption says. @param {import('../../core/state.js').Viewed} state @param {import('../../core/state.js').Score} score Of the selected finding @param {import('../../worker/jobs.js').ModelInfo} info */
export function captionOf(state, score, info) {
  const { picture, map, display } = state;
  const facts = [
    map.on ? t('figure.map', { kind: shownMap(state)?.name ?? '' }) : '',
    t('figure.dimmed'),
    display.view.mirror ? t('viewer.mirrored') : '',
    'phantom' in picture.source ? t('figure.synthetic') : '',
  ];
  return {
    finding: glossOf(score.finding) ? `${glossOf(score.finding)} (${score.finding})` : score.finding,
    place: standingInWords(score),
    warnings: [...cautions(picture), ...(isUnknown(score) ? [scoreInWords(score)] : []), ...cautionsOfWords(score)],
    lines: [
      isUnknown(score) ? '' : scoreInWords(score),
      score.percentile === undefined ? '' : sideInWords(score),
      score.percentile === undefined ? '' : t('figure.rank'),
      modelInWords(info, score.percentile !== undefined),
    ].filter(Boolean),
    facts: facts.filter(Boolean).join(' · '),
  };
}
