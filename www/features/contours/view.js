/** Several findings at once: a line around where each one's map is high, over the picture, with its legend. */
import { isCompared, scoresBeside, stateBeside } from '../../core/beside.js';
import { byId, closest, create, createSvg, find, findAll, onChange } from '../../core/dom.js';
import { nameOf, t } from '../../core/i18n.js';
import { contoured, hasContours, hasPicture, matrixOfSeen, seenBox } from '../../core/derived.js';
import { CONTOURS_MAX, STYLES, angleOf, clearOf, farthest, linesOf } from '../../core/viewport/contours.js';
import { createSwatch, drawSwatch, strokeOf } from '../../core/viewport/swatch.js';
import { apply } from '../../core/viewport/transform.js';

const NAMED_FROM = 440; // CSS pixels of a viewport with room for names beside the lines
const EDGE = { x: 6, top: 16, bottom: 6 };
const LINE = { height: 15, base: 12 }; // of a name, in CSS pixels
const PANE_LABEL = { x: 0, y: 0, width: Infinity, height: 32 }; // the label above each of two images

/** Whether a finding's map has a contour: a flat one has none. @param {import('../../core/state.js').State} state @param {string} finding @param {'similarity' | 'attention'} kind */
function hasLine({ scores, info }, finding, kind) {
  const score = scores.get(finding);
  return Boolean(score && info && linesOf(score[kind], info.mapSide).longest);
}

/** Draws the contours in one viewport. @param {string} id Of its SVG @returns {(visible: boolean, state: import('../../core/state.js').State, scores: ReadonlyMap<string, import('../../core/state.js').Score>, drawn: (string | null)[]) => void} */
function bindLayer(id) {
  const layer = byId(id, SVGSVGElement);
  /** @type {import('../../core/state.js').State} */ let state;

  const draw = onChange(
    (
      /** @type {string} */ key,
      /** @type {ReadonlyMap<string, import('../../core/state.js').Score>} */ scores,
      /** @type {'similarity' | 'attention'} */ kind,
      /** @type {import('../../core/state.js').Picture} */ { grid },
      /** @type {import('../../core/viewport/transform.js').Size} */ viewport,
      /** @type {object} */ _view,
    ) => {
      /** @type {(string | null)[]} */ const drawn = JSON.parse(key);
      const { info } = state;
      const seen = state.picture && seenBox(state.picture);
      if (!seen || !info || !hasPicture(state)) return;
      const matrix = matrixOfSeen(state, seen);
      const clip = createSvg('clipPath', { id: `${id}-clip` });
      clip.append(
        createSvg('rect', {
          x: -seen.x / seen.width,
          y: -seen.y / seen.height,
          width: grid.width / seen.width,
          height: grid.height / seen.height,
        }),
      );
      const group = createSvg('g', { transform: `matrix(${matrix.join(' ')})`, 'clip-path': `url(#${id}-clip)` });
      /** @type {SVGElement[]} */ const labels = [];
      /** @type {import('../../core/viewport/transform.js').Box[]} */ const taken = state.compare ? [PANE_LABEL] : [];
      drawn.forEach((finding, place) => {
        const score = finding ? scores.get(finding) : undefined;
        if (!finding || !score) return;
        const { path, longest } = linesOf(score[kind], info.mapSide);
        if (!longest) return;
        group.prepend(createSvg('path', { d: path, class: 'halo' })); // below all lines, so that none hides another
        group.append(createSvg('path', { d: path, 'data-finding': finding, ...strokeOf(place) }));
        const at = farthest(
          longest.map((point) => apply(matrix, point)),
          angleOf(place),
        );
        const name = viewport.width >= NAMED_FROM ? `${place + 1} ${nameOf(finding)}` : String(place + 1);
        const wide = [...name].reduce((sum, character) => sum + (character > '\u2e80' ? 13 : 8), 0);
        const x = Math.max(EDGE.x, Math.min(viewport.width - EDGE.x - wide, at.x + 4));
        const y = Math.max(EDGE.top, Math.min(viewport.height - EDGE.bottom, at.y - 4));
        const box = clearOf(taken, { x, y: y - LINE.base, width: wide, height: LINE.height }, viewport.height);
        taken.push(box);
        const label = createSvg('text', { x, y: box.y + LINE.base, fill: STYLES[place].colour });
        label.textContent = name;
        labels.push(label);
      });
      layer.replaceChildren(clip, group, ...labels);
      layer.setAttribute(
        'aria-label',
        drawn.some(Boolean)
          ? t('contours.label', { findings: drawn.flatMap((finding) => (finding ? [nameOf(finding)] : [])).join(', ') })
          : t('contours.title'),
      );
    },
  );

  return (visible, now, scores, drawn) => {
    state = now;
    layer.toggleAttribute('hidden', !visible);
    if (visible && now.picture)
      draw(JSON.stringify(drawn), scores, now.map.kind, now.picture, now.viewport, now.display.view);
    else if (now.veiled) layer.replaceChildren(); // lines must not stay in the document while scores are withheld
  };
}

/** @param {import('../../session.js').Session} session */
export function bindContours(session) {
  const bar = byId('contours-switch');
  const toggle = byId('contours-toggle', HTMLInputElement);
  const list = byId('list');
  const legend = byId('contour-legend');
  const names = byId('contour-names');
  const text = byId('contour-text');

  /** The state drawn last, perhaps veiled. @type {import('../../core/state.js').State} */ let shown = session.state;

  toggle.addEventListener('change', () => session.contours.show(toggle.checked));
  list.addEventListener('change', (event) => {
    const { target } = event;
    const finding = closest(event, '.row')?.dataset.finding;
    if (finding !== undefined && target instanceof HTMLInputElement && target.matches('.contour-check input'))
      session.contours.choose(finding, target.checked);
  });

  const drawChecks = onChange(
    (
      /** @type {boolean} */ on,
      /** @type {string} */ _drawn,
      /** @type {readonly string[]} */ _findings,
      /** @type {object} */ _scores,
    ) => {
      const drawn = contoured(shown);
      const full = drawn.filter(Boolean).length >= CONTOURS_MAX;
      list.toggleAttribute('data-contours', on);
      for (const row of findAll(list, '.row', HTMLElement)) {
        const label = find(row, '.contour-check');
        label.hidden = !on;
        if (!on) continue;
        const { finding = '' } = row.dataset;
        const place = drawn.indexOf(finding);
        const input = find(label, 'input', HTMLInputElement);
        input.checked = place >= 0;
        input.disabled = (full && place < 0) || !shown.scores.has(finding);
        label.title = full && place < 0 ? t('contours.full', { count: CONTOURS_MAX }) : '';
        input.setAttribute('aria-description', label.title);
        input.setAttribute('aria-label', t('contours.of', { finding: nameOf(finding) }));
        drawSwatch(find(label, 'svg', SVGSVGElement), place);
      }
    },
  );

  const drawLegend = onChange(
    (/** @type {string} */ _drawn, /** @type {'similarity' | 'attention'} */ kind, /** @type {string} */ _flat) => {
      const drawn = contoured(shown);
      names.replaceChildren(
        ...drawn.flatMap((finding, place) => {
          if (!finding) return [];
          const item = create('li');
          const name = `${place + 1} ${nameOf(finding)}`;
          item.append(
            createSwatch(place),
            create('span', hasLine(shown, finding, kind) ? name : t('contours.flat', { name })),
          );
          return [item];
        }),
      );
      const lines = [
        t(!drawn.some(Boolean) ? 'contours.none' : kind === 'attention' ? 'contours.attention' : 'contours.similarity'),
      ];
      if (drawn.filter(Boolean).length >= CONTOURS_MAX) lines.unshift(t('contours.full', { count: CONTOURS_MAX }));
      text.textContent = lines.join(' ');
    },
  );

  const [drawLines, drawBeside] = ['contours', 'beside-contours'].map(bindLayer);

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const {
      picture,
      contours: { on },
      scores,
      findings,
      map: { kind },
      info,
    } = state;
    shown = state;
    bar.hidden = !picture?.encoded || !findings.length || Boolean(state.veiled);
    toggle.checked = on;
    const settled = hasContours(state);
    const drawn = contoured(state);
    const key = JSON.stringify(drawn);
    drawChecks(on && !bar.hidden, key, findings, scores);
    const visible = on && Boolean(picture?.view && info && settled);
    legend.hidden = !visible;
    if (visible) drawLegend(key, kind, drawn.map((finding) => finding && hasLine(state, finding, kind)).join());
    drawLines(visible, state, scores, drawn);
    const beside = isCompared(state) ? stateBeside(state) : null;
    const own = isCompared(state) ? scoresBeside(state) : scores;
    const known = beside ? drawn.map((finding) => (finding && own.has(finding) ? finding : null)) : [];
    drawBeside(visible && Boolean(beside?.picture.view && beside.compare.viewport.width), beside ?? state, own, known);
  };
}
