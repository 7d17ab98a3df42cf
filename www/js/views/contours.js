/** Several findings at once: a line around where each one's map is high, over the picture, with its legend. */
import { byId, create, createSvg, onChange } from '../dom.js';
import { nameOf, t } from '../i18n.js';
import { contoured, matrixOfSeen, phase, seenBox } from '../state.js';
import { CONTOURS_MAX, STYLES, contoursOf, farthest, pathOf } from '../viewer/contours.js';
import { apply } from '../viewer/transform.js';

const NAMED_FROM = 440; // CSS pixels of a viewport with room for names beside the lines
const EDGE = { x: 6, top: 16, bottom: 6 };

/** @type {WeakMap<Float32Array, {path: string, longest: import('../viewer/transform.js').Point[] | undefined}>} */
const known = new WeakMap();

/** @param {Float32Array} map @param {number} side */
function linesOf(map, side) {
  if (!known.has(map)) {
    const lines = contoursOf(map, side);
    known.set(map, { path: pathOf(lines), longest: lines[0] });
  }
  return known.get(map);
}

/** @param {number} place */
const strokeOf = (place) => ({ stroke: STYLES[place].colour, 'stroke-dasharray': STYLES[place].dash });

/** A piece of the line. @param {Element} svg @param {number} place */
function drawSwatch(svg, place) {
  svg.setAttribute('viewBox', '0 0 34 12');
  svg.replaceChildren(...(place < 0 ? [] : [createSvg('path', { d: 'M2 6H32', ...strokeOf(place) })]));
}

/** @param {import('../session.js').Session} session */
export function bindContours(session) {
  const [bar, toggle, list, layer, legend, names, text] = [
    'contours-switch', 'contours-toggle', 'list', 'contours', 'contour-legend', 'contour-names', 'contour-text',
  ].map(byId);

  /** What the view may know. @type {import('../state.js').State} */ let shown = session.state;

  toggle.addEventListener('change', () => session.showContours(toggle.checked));
  list.addEventListener('change', ({ target }) => {
    if (target.matches('.contour-check input')) session.chooseContour(target.closest('.row').dataset.finding, target.checked);
  });

  const drawChecks = onChange((/** @type {boolean} */ on, /** @type {string} */ _drawn, /** @type {any} */ _findings, /** @type {any} */ _scores) => {
    const drawn = contoured(shown);
    const full = drawn.filter(Boolean).length >= CONTOURS_MAX;
    list.toggleAttribute('data-contours', on);
    for (const row of list.children) {
      const { finding } = row.dataset;
      const place = drawn.indexOf(finding);
      const label = row.querySelector('.contour-check');
      const input = label.querySelector('input');
      label.hidden = !on;
      input.checked = place >= 0;
      input.disabled = (full && place < 0) || !shown.scores.has(finding);
      input.setAttribute('aria-label', t('contours.of', { finding: nameOf(finding) }));
      drawSwatch(label.querySelector('svg'), place);
    }
  });

  const drawLegend = onChange((/** @type {string} */ _drawn, /** @type {string} */ kind, /** @type {string} */ _flat) => {
    const drawn = contoured(shown);
    names.replaceChildren(...drawn.flatMap((finding, place) => {
      if (!finding) return [];
      const item = create('li');
      const swatch = createSvg('svg', { class: 'swatch', 'aria-hidden': 'true' });
      drawSwatch(swatch, place);
      const name = `${place + 1} ${nameOf(finding)}`;
      item.append(swatch, create('span', linesOf(shown.scores.get(finding)[kind], shown.info.mapSide).longest ? name : t('contours.flat', { name })));
      return [item];
    }));
    text.textContent = t(!drawn.some(Boolean) ? 'contours.none' : kind === 'attention' ? 'contours.attention' : 'contours.similarity');
  });

  const drawLines = onChange((/** @type {string} */ _drawn, /** @type {any} */ _scores, /** @type {string} */ kind, /** @type {import('../state.js').Picture} */ picture, /** @type {any} */ _size, /** @type {any} */ _view) => {
    const { scores, info, viewport } = shown;
    const drawn = contoured(shown);
    const matrix = matrixOfSeen(shown);
    const seen = seenBox(picture);
    const { grid } = picture;
    const clip = createSvg('clipPath', { id: 'contours-clip' });
    clip.append(createSvg('rect', { x: -seen.x / seen.width, y: -seen.y / seen.height, width: grid.width / seen.width, height: grid.height / seen.height }));
    const group = createSvg('g', { transform: `matrix(${matrix.join(' ')})`, 'clip-path': 'url(#contours-clip)' });
    const labels = [];
    drawn.forEach((finding, place) => {
      if (!finding) return;
      const { path, longest } = linesOf(scores.get(finding)[kind], info.mapSide);
      if (!longest) return;
      group.append(createSvg('path', { d: path, class: 'halo' }), createSvg('path', { d: path, 'data-finding': finding, ...strokeOf(place) }));
      const at = farthest(longest.map((point) => apply(matrix, point)), (2 * Math.PI * place) / CONTOURS_MAX - Math.PI / 2);
      const name = viewport.width >= NAMED_FROM ? `${place + 1} ${nameOf(finding)}` : String(place + 1);
      const wide = [...name].reduce((sum, character) => sum + (character > '\u2e80' ? 12 : 7), 0);
      const x = Math.max(EDGE.x, Math.min(viewport.width - EDGE.x - wide, at.x + 4));
      const y = Math.max(EDGE.top, Math.min(viewport.height - EDGE.bottom, at.y - 4));
      const label = createSvg('text', { x, y, fill: STYLES[place].colour });
      label.textContent = name;
      labels.push(label);
    });
    layer.replaceChildren(clip, group, ...labels);
    layer.setAttribute('aria-label', drawn.some(Boolean) ? t('contours.label', { findings: drawn.filter(Boolean).map(nameOf).join(', ') }) : t('contours.title'));
  });

  return (/** @type {import('../state.js').State} */ state) => {
    const { picture, contours: { on, chosen }, scores, findings, map: { kind }, viewport, display: { view }, info } = state;
    shown = state;
    bar.hidden = !picture?.encoded || !findings.length || Boolean(state.veiled);
    toggle.checked = on;
    const settled = chosen || picture?.redrawn || phase(state) === 'done'; // the best ones are known once all are scored
    const drawn = settled ? contoured(state) : [];
    const key = JSON.stringify(drawn);
    drawChecks(on && !bar.hidden, key, findings, scores);
    const visible = on && Boolean(picture?.view && info && settled);
    layer.toggleAttribute('hidden', !visible);
    legend.hidden = !visible;
    if (!visible) return;
    drawLegend(key, kind, drawn.map((finding) => finding && linesOf(scores.get(finding)[kind], info.mapSide).path.length > 0).join());
    drawLines(key, scores, kind, picture, viewport, view);
  };
}
