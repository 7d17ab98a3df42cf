/** The selected finding: its standing drawn in the reference distribution, its numbers, and how to read them. */
import { byId, create, createSvg, onChange } from '../dom.js';
import { glossOf, t } from '../i18n.js';
import { reading, signed, standing } from '../words.js';

const STEPS = 120;
const NEGATION = /\b(no|not|without|absent|absence|free of)\b/i;

/** Kernel density of the 101 percentiles, scaled to a peak of one. @param {Float32Array} quantiles @param {number} low @param {number} high */
function density(quantiles, low, high) {
  const width = Math.max(0.24 * (quantiles[75] - quantiles[25]), (high - low) / STEPS);
  const values = Array.from({ length: STEPS + 1 }, (_, i) => {
    const at = low + ((high - low) * i) / STEPS;
    return quantiles.reduce((sum, quantile) => sum + Math.exp(-0.5 * ((at - quantile) / width) ** 2), 0);
  });
  const peak = Math.max(...values);
  return values.map((value) => value / peak);
}

/** @param {Float32Array} quantiles @param {number} logit @returns {Element[]} */
function chartOf(quantiles, logit) {
  const spread = quantiles[99] - quantiles[1] || 1;
  const low = Math.min(quantiles[1], logit) - 0.12 * spread;
  const high = Math.max(quantiles[99], logit) + 0.12 * spread;
  const part = (/** @type {number} */ value) => (100 * (value - low)) / (high - low);
  const here = part(logit);
  const curve = density(quantiles, low, high).map((value, i) => [(100 * i) / STEPS, 100 - 92 * value]);
  const area = (/** @type {number[][]} */ points) => `M${points[0][0]} 100L${points.map((point) => point.join(' ')).join('L')}L${points.at(-1)[0]} 100Z`;
  const below = curve.filter(([x]) => x < here);

  const svg = createSvg('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img' });
  svg.setAttribute('aria-label', t('detail.chart', { low: signed(low), high: signed(high), median: signed(quantiles[50]), here: signed(logit) }));
  svg.append(createSvg('path', { class: 'all', d: area(curve) }));
  if (below.length > 1) svg.append(createSvg('path', { class: 'below', d: area(below) }));
  svg.append(createSvg('path', { class: 'curve', d: `M${curve.map((point) => point.join(' ')).join('L')}` }));
  svg.append(createSvg('path', { class: 'median', d: `M${part(quantiles[50])} 100V8` }), createSvg('path', { class: 'here', d: `M${here} 100V0` }));

  const label = (/** @type {string} */ text, /** @type {string} */ className, /** @type {number} */ at) => {
    const element = create('span', text, className);
    element.style.setProperty('left', `${Math.max(0, Math.min(100, at))}%`);
    element.style.setProperty('translate', at < 14 ? '0' : at > 86 ? '-100%' : '-50%');
    return element;
  };
  return [label(t('detail.here', { value: signed(logit) }), 'here-label', here), svg, label(t('detail.median', { value: signed(quantiles[50]) }), 'median-label', part(quantiles[50]))];
}

/** @param {import('../session.js').Session} _session */
export function bindDetail(_session) {
  const [detail, dock, name, place, chart, text, sentence, logit, i2t, t2i, list] = [
    'detail', 'detail-dock', 'detail-name', 'detail-standing', 'chart', 'detail-reading', 'detail-sentence', 'detail-logit', 'detail-i2t', 'detail-t2i', 'list',
  ].map(byId);
  const phone = matchMedia('(max-width: 820px)');

  const draw = onChange((/** @type {import('../state.js').Score | undefined} */ score) => {
    detail.hidden = !score;
    if (!score) return;
    const { percentile, reference } = score;
    name.textContent = [glossOf(score.finding), score.finding].filter(Boolean).join(' ');
    place.textContent = percentile === undefined ? '' : t('percentile', { standing: standing(percentile) });
    chart.hidden = !reference;
    chart.replaceChildren(...(reference ? chartOf(reference, score.logit) : []));
    const lines = percentile === undefined
      ? [t('detail.noReference')]
      : [t('detail.reading', { reading: reading(percentile) })];
    if (NEGATION.test(score.finding)) lines.push(t('detail.negation'));
    text.textContent = lines.join(' ');
    sentence.textContent = t('sent', { sentence: score.sentence });
    logit.textContent = signed(score.logit);
    i2t.textContent = signed(score.i2t);
    t2i.textContent = signed(score.t2i);
  });

  return (/** @type {import('../state.js').State} */ { scores, selected }) => {
    draw(scores.get(selected));
    const row = [...list.children].find((element) => element.dataset.finding === selected);
    const host = phone.matches && row ? row : dock; // on a phone the details open under their row
    if (detail.parentElement !== host) host.append(detail);
  };
}
