/** The curves of a finding as figures. */
import { figure } from '../../core/figures.js';
import { createSvg } from '../../core/dom.js';
import { number, percent, t } from '../../core/i18n.js';
import { estimateInWords } from './words.js';

/** @typedef {[number, number]} Point From 0 to 1 along each axis */

const SIZE = 200;
const [LEFT, TOP] = [40, 12];
const [WIDTH, HEIGHT] = [LEFT + SIZE + 14, TOP + SIZE + 40];

/** @param {Point} point */
const placed = ([x, y]) => /** @type {Point} */ ([LEFT + x * SIZE, TOP + (1 - y) * SIZE]);

/** @param {readonly Point[]} points */
const pathOf = (points) =>
  `M${points
    .map((point) =>
      placed(point)
        .map((at) => at.toFixed(1))
        .join(' '),
    )
    .join('L')}`;

/** @param {number} x @param {number} y @param {string} words @param {Record<string, string | number>} [more] */
function createText(x, y, words, more = {}) {
  const text = createSvg('text', { x, y, 'text-anchor': 'middle', ...more });
  text.textContent = words;
  return text;
}

/** Axes from 0 to 1. @param {string} title @param {string} across @param {string} up @param {string} said To a screen reader */
function createFrame(title, across, up, said) {
  const frame = createSvg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    'aria-label': `${title}: ${said}`,
    class: 'evaluate-curve',
  });
  for (const at of [0, 0.5, 1]) {
    const [x, y] = placed([at, at]);
    frame.append(
      createSvg('path', { d: `M${x} ${TOP}V${TOP + SIZE}M${LEFT} ${y}H${LEFT + SIZE}`, class: 'curve-grid' }),
      createText(x, TOP + SIZE + 14, number(at)),
      createText(LEFT - 6, y + 4, number(at), { 'text-anchor': 'end' }),
    );
  }
  const middle = TOP + SIZE / 2;
  frame.append(
    createText(LEFT + SIZE / 2, HEIGHT - 8, across),
    createText(11, middle, up, { transform: `rotate(-90 11 ${middle})` }),
  );
  return frame;
}

/** @param {SVGSVGElement} frame @param {Point | undefined} point */
function mark(frame, point) {
  if (!point) return;
  const [cx, cy] = placed(point);
  frame.append(createSvg('circle', { cx, cy, r: 5, class: 'curve-point' }));
}

/** @param {import('carzero-evaluation').Curves} curves @param {import('carzero-evaluation').FindingReport} finding @param {import('carzero-evaluation').Decision | null} decision */
function createRoc({ roc }, { auroc }, decision) {
  const frame = createFrame(
    t('evaluate.roc'),
    t('evaluate.fpr'),
    t('evaluate.metric.sensitivity'),
    `${t('evaluate.metric.auroc')} ${estimateInWords(auroc)}`,
  );
  frame.append(
    createSvg('path', {
      d: pathOf([
        [0, 0],
        [1, 1],
      ]),
      class: 'curve-chance',
    }),
    createSvg('path', { d: pathOf(roc), class: 'curve-line' }),
  );
  const { sensitivity, specificity } = decision ?? {};
  if (sensitivity !== undefined && specificity !== undefined) mark(frame, [1 - specificity, sensitivity]);
  return frame;
}

/** @param {import('carzero-evaluation').Curves} curves @param {import('carzero-evaluation').FindingReport} finding @param {import('carzero-evaluation').Decision | null} decision */
function createPrecision({ precisionRecall }, { average_precision: precision, positives, negatives }, decision) {
  const share = positives / (positives + negatives);
  const frame = createFrame(
    t('evaluate.pr'),
    t('evaluate.metric.sensitivity'),
    t('evaluate.precision'),
    `${t('evaluate.metric.average_precision')} ${estimateInWords(precision)}`,
  );
  frame.append(
    createSvg('path', {
      d: pathOf([
        [0, share],
        [1, share],
      ]),
      class: 'curve-chance',
    }),
    createSvg('path', { d: pathOf(precisionRecall), class: 'curve-line' }),
  );
  const { tp = 0, fp = 0 } = decision?.counts ?? {};
  if (tp + fp) mark(frame, [tp / positives, tp / (tp + fp)]);
  return frame;
}

/** How often the finding is present, by tenths of the images in the order of their scores. @param {import('carzero-evaluation').Curves} curves */
function createReliability({ reliability: bins }) {
  const shares = bins.map(({ positives, images }) => positives / images);
  const said = bins.map(({ score }, i) => `${figure(score)}: ${percent(shares[i])}`).join(', ');
  const frame = createFrame(t('evaluate.reliability'), t('evaluate.tenths'), t('evaluate.share'), said);
  const points = shares.map((share, i) => /** @type {Point} */ ([(i + 0.5) / shares.length, share]));
  frame.append(createSvg('path', { d: pathOf(points), class: 'curve-line' }));
  for (const point of points) {
    const [cx, cy] = placed(point);
    frame.append(createSvg('circle', { cx, cy, r: 3, class: 'curve-bin' }));
  }
  return frame;
}

/** Each curve with its title. @param {import('carzero-evaluation').Curves} curves @param {import('carzero-evaluation').FindingReport} finding @param {import('carzero-evaluation').Decision | null} decision @returns {[title: string, figure: SVGSVGElement][]} */
export const curvesOf = (curves, finding, decision) => [
  [t('evaluate.roc'), createRoc(curves, finding, decision)],
  [t('evaluate.pr'), createPrecision(curves, finding, decision)],
  [t('evaluate.reliability'), createReliability(curves)],
];
