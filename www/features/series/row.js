/** A row of a series' table. */
import { cloned, contextOf, create, find } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { likenessOf } from '../../core/search.js';
import { paintMap } from '../../core/viewport/heatmap.js';
import { isUnknown, related, unranked } from '../../core/wording.js';
import { cautions, signed, standing } from '../../core/words.js';
import { sideOf } from '../../core/zone.js';

/**
 * @typedef {import('../../core/table.js').Row} Row
 * @typedef {{findings: readonly string[], search: import('../../core/search.js').Search | null, ramp: Uint8ClampedArray | undefined}} Look What rows show: the columns, and the search with the colours of its maps
 */

/** How wide a name may be to fit its lines, in letters; a Japanese character counts as two. */
const ROOM = 36;
const MAP_SIDE = 64; // pixels
const MAP_OPACITY = 0.7;
const START = 10; // letters at the beginning of a longer name that are shown
const END = 24;

/** Draws a row's thumbnail, and over it the map of the finding that is searched for, once that is known. @param {HTMLCanvasElement} canvas @param {Row} row @param {Look} look */
function drawThumbnail(canvas, { thumbnail, width: columns, map }, { search, ramp }) {
  if (!thumbnail) return;
  const { width, height, grey } = thumbnail;
  const rgba = Uint32Array.from(grey, (value) => 0xff000000 | (value * 0x010101)); // little-endian ABGR
  Object.assign(canvas, { width, height });
  const context = contextOf(canvas);
  context.putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer), width, height), 0, 0);
  if (search?.by !== 'text' || map?.finding !== search.finding || !ramp) return;
  const painted = paintMap(map.values, ramp, MAP_SIDE);
  const layer = Object.assign(create('canvas'), { width: MAP_SIDE, height: MAP_SIDE });
  contextOf(layer).putImageData(new ImageData(painted.rgba, MAP_SIDE, MAP_SIDE), 0, 0);
  const { x, y, width: across, height: down } = map.view;
  const scale = width / columns;
  context.globalAlpha = MAP_OPACITY;
  context.drawImage(layer, x * scale, y * scale, across * scale, down * scale);
  canvas.toggleAttribute('data-map', true);
}

/** Writes a name on a few lines, as names in a series may differ anywhere. If it is too long, only screen readers get its middle. @param {HTMLElement} element @param {string} name */
function writeName(element, name) {
  const characters = [...name];
  const wide = characters.reduce((sum, character) => sum + (character > '\u2e80' ? 2 : 1), 0);
  element.classList.add('whole');
  if (wide <= ROOM) return void (element.textContent = name);
  const end = Math.ceil((END * characters.length) / wide);
  const start = Math.ceil((START * characters.length) / wide);
  const middle = create('span', undefined, 'left-out');
  middle.append(create('span', characters.slice(start, -end).join(''), 'sr-only'));
  element.replaceChildren(characters.slice(0, start).join(''), middle, characters.slice(-end).join(''));
}

const waiting = () => [create('span', '·', 'pending'), create('span', t('series.waiting'), 'sr-only')];

/** @param {import('../../core/table.js').Mark | undefined} mark */
function createCell(mark) {
  const cell = create('td');
  cell.dataset.kind = !mark ? 'unscored' : mark.percentile === undefined ? 'unranked' : 'ranked';
  if (!mark) cell.append(...waiting());
  else if (mark.percentile === undefined)
    cell.append(
      create('span', signed(mark.logit)),
      ...(isUnknown(mark) ? [create('span', unranked(mark), 'near')] : []),
    );
  else {
    const [track, fill] = [create('span', undefined, 'track'), create('span', undefined, 'fill')];
    fill.style.setProperty('width', `${mark.percentile}%`);
    track.append(fill);
    cell.append(create('span', standing(mark.percentile)), track);
    if (sideOf(mark) === 'within') cell.append(create('span', t('zone.word'), 'near'));
    if (related(mark)) cell.append(create('span', related(mark), 'near'));
  }
  return cell;
}

/** The cell of a row's likeness to the image of the search. @param {number | undefined} likeness */
function createLikeness(likeness) {
  const cell = create('td');
  cell.dataset.kind = likeness === undefined ? 'unscored' : 'likeness';
  cell.append(...(likeness === undefined ? waiting() : [signed(likeness, 3)]));
  return cell;
}

/** @param {HTMLTemplateElement} template @param {Row} row @param {Look} look */
export function createRow(template, row, look) {
  const { findings, search } = look;
  const element = cloned(template, HTMLTableRowElement);
  const open = find(element, '.open');
  const size = find(element, '.size');
  element.dataset.id = String(row.id);
  element.dataset.state = row.state;
  drawThumbnail(find(element, '.thumbnail', HTMLCanvasElement), row, look);
  open.title = row.name;
  writeName(open, row.name);
  size.textContent = row.width ? `${row.width} × ${row.height}` : '';
  const said = cautions(row);
  if (said.length) {
    const mark = Object.assign(create('button', t('series.warning'), 'warned'), {
      type: 'button',
      title: said.join(' '),
      ariaHasPopup: 'dialog',
    });
    mark.append(create('span', `: ${mark.title}`, 'sr-only'));
    size.after(mark);
  }
  const like = search?.by === 'image' ? [createLikeness(likenessOf(search, row))] : [];
  if (row.state !== 'failed') element.append(...like, ...findings.map((each) => createCell(row.marks.get(each))));
  else {
    const label = Object.assign(create('span', undefined, 'failed-name'), { title: row.name });
    writeName(label, row.name);
    open.replaceWith(label);
    const cell = create('td');
    cell.append(create('p', t('series.unread', { reason: tell(row.reason) }), 'error'));
    cell.colSpan = Math.max(1, like.length + findings.length);
    element.append(cell);
  }
  return element;
}
