/** The selected finding: its score drawn in the reference distribution, its numbers, and how to read them. */
import { byId, create, createSvg, findAll, onChange } from '../../core/dom.js';
import { glossOf, number, modelText, t } from '../../core/i18n.js';
import { PHONE } from '../../core/layout.js';
import { reading, signed, standing } from '../../core/words.js';
import { cautionsOfWords, isUnknown } from '../../core/wording.js';
import { sideInWords, sideOf, zoneOf } from '../../core/zone.js';

const STEPS = 120;

/** Kernel density estimate from the quantiles (minimum, percentiles 1 to 99, maximum), scaled to a peak of one. @param {Float32Array} quantiles @param {number} low @param {number} high */
function density(quantiles, low, high) {
  const width = Math.max(0.24 * (quantiles[75] - quantiles[25]), (high - low) / STEPS);
  const values = Array.from({ length: STEPS + 1 }, (_, i) => {
    const at = low + ((high - low) * i) / STEPS;
    return quantiles.reduce((sum, quantile) => sum + Math.exp(-0.5 * ((at - quantile) / width) ** 2), 0);
  });
  const peak = Math.max(...values);
  return values.map((value) => value / peak);
}

/** @param {import('../../core/state.js').Score} score @param {Float32Array} quantiles Of its reference @returns {Element[]} */
function chartOf(score, quantiles) {
  const { logit } = score;
  const spread = quantiles[99] - quantiles[1] || 1;
  const low = Math.min(quantiles[1], logit) - 0.12 * spread;
  const high = Math.max(quantiles[99], logit) + 0.12 * spread;
  const part = (/** @type {number} */ value) => (100 * (value - low)) / (high - low);
  const here = part(logit);
  const curve = density(quantiles, low, high).map((value, i) => [(100 * i) / STEPS, 100 - 92 * value]);
  const area = (/** @type {number[][]} */ points) =>
    `M${points[0][0]} 100L${points.map((point) => point.join(' ')).join('L')}L${points[points.length - 1][0]} 100Z`;
  const below = curve.filter(([x]) => x < here);
  const zone = sideOf(score) === 'apart' ? undefined : zoneOf(score)?.undecided.map(part);

  const svg = createSvg('svg', { viewBox: '0 0 100 100', preserveAspectRatio: 'none', role: 'img' });
  svg.setAttribute(
    'aria-label',
    t('detail.chart', {
      low: signed(quantiles[0]),
      high: signed(quantiles[100]),
      median: signed(quantiles[50]),
      here: signed(logit),
    }),
  );
  if (zone) svg.append(createSvg('rect', { class: 'zone', x: zone[0], y: 0, width: zone[1] - zone[0], height: 100 }));
  svg.append(createSvg('path', { class: 'all', d: area(curve) }));
  if (below.length > 1) svg.append(createSvg('path', { class: 'below', d: area(below) }));
  svg.append(createSvg('path', { class: 'curve', d: `M${curve.map((point) => point.join(' ')).join('L')}` }));
  svg.append(
    createSvg('path', { class: 'median', d: `M${part(quantiles[50])} 100V8` }),
    createSvg('path', { class: 'here', d: `M${here} 100V0` }),
  );

  const label = (/** @type {string} */ text, /** @type {string} */ className, /** @type {number} */ at) => {
    const element = create('span', text, className);
    element.style.setProperty('left', `${Math.max(0, Math.min(100, at))}%`);
    element.style.setProperty('translate', at < 14 ? '0' : at > 86 ? '-100%' : '-50%');
    return element;
  };
  return [
    label(t('detail.here', { value: signed(logit) }), 'here-label', here),
    svg,
    label(t('detail.median', { value: signed(quantiles[50]) }), 'median-label', part(quantiles[50])),
  ];
}

/** How to read on which side of the uncertain zone a score lies, and how that zone was measured. @param {import('../../core/state.js').Score} score @param {string} population Images that the zone was measured on @returns {[string, string]} */
function zoneInWords(score, population) {
  const { measured } = score;
  if (!measured || !population) return [t('zone.unmeasured'), t('zone.unmeasuredText')];
  const { positives, negatives, auroc, interval } = measured;
  const digits = (/** @type {number} */ value) => number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const values = { population: modelText(population), positives, negatives, auroc: digits(auroc) };
  const quality = interval
    ? t('zone.aurocInterval', { ...values, low: digits(interval[0]), high: digits(interval[1]) })
    : t('zone.auroc', values);
  const side = sideOf(score);
  const known = zoneOf(score);
  if (!side || !known) return [sideInWords(score), [t('zone.fewText'), quality].join(' ')];
  const [from, to] = known.standings.map(standing);
  const lines = [t('zone.measured', { ...values, from, to }), side === 'above' && t('zone.aboveText'), quality];
  return [sideInWords(score), lines.filter(Boolean).join(' ')];
}

/** @param {import('../../session.js').Session} _session */
export function bindDetail(_session) {
  const detail = byId('detail');
  const dock = byId('detail-dock');
  const name = byId('detail-name');
  const place = byId('detail-standing');
  const chart = byId('chart');
  const text = byId('detail-reading');
  const zone = byId('detail-zone', HTMLDetailsElement);
  const zoneText = byId('zone-text');
  const zoneHow = byId('zone-how');
  const sentence = byId('detail-sentence');
  const logit = byId('detail-logit');
  const i2t = byId('detail-i2t');
  const t2i = byId('detail-t2i');
  const list = byId('list');
  const phone = matchMedia(PHONE);

  const draw = onChange(
    (/** @type {import('../../core/state.js').Score | undefined} */ score, /** @type {string} */ population) => {
      detail.hidden = !score;
      if (!score) return;
      const { percentile, reference } = score;
      name.textContent = [glossOf(score.finding), score.finding].filter(Boolean).join(' ');
      place.textContent = percentile === undefined ? '' : t('percentile', { standing: standing(percentile) });
      chart.hidden = !reference;
      chart.replaceChildren(...(reference ? chartOf(score, reference) : []));
      const unrankedText = t(isUnknown(score) ? 'wording.unknownText' : 'detail.noReference');
      const lines = percentile === undefined ? [unrankedText] : [t('detail.reading', { reading: reading(percentile) })];
      lines.push(...cautionsOfWords(score));
      text.textContent = lines.join(' ');
      zone.hidden = percentile === undefined;
      zone.toggleAttribute('data-zone', Boolean(reference) && !['', 'apart'].includes(sideOf(score)));
      if (!zone.hidden) [zoneText.textContent, zoneHow.textContent] = zoneInWords(score, population);
      sentence.textContent = t('sent', { sentence: score.sentence });
      logit.textContent = signed(score.logit);
      i2t.textContent = signed(score.i2t);
      t2i.textContent = signed(score.t2i);
    },
  );

  // For another finding or image the details scroll back to the top, unless Why is open.
  const begin = onChange((/** @type {string} */ _subject, /** @type {boolean} */ why) => {
    if (!why) dock.scrollTop = 0;
  });

  return (/** @type {import('../../core/state.js').State} */ { scores, selected, info, picture, why }) => {
    draw(scores.get(selected), info?.validation ?? '');
    begin(`${picture?.id}|${selected}`, why.open);
    const row = findAll(list, '.row', HTMLElement).find((element) => element.dataset.finding === selected);
    const host = phone.matches && row ? row : dock; // on a phone the details open under their row
    if (detail.parentElement !== host) host.append(detail);
  };
}
