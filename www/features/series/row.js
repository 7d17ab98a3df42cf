/** A row of a series' table. */
import { cloned, contextOf, create, find, showName } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { isUnknown, related, unranked } from '../../core/wording.js';
import { cautions, signed, standing } from '../../core/words.js';
import { sideOf } from '../../core/zone.js';

/** @typedef {import('../../core/table.js').Row} Row */

/** @param {HTMLCanvasElement} canvas @param {Row['thumbnail']} thumbnail */
function drawThumbnail(canvas, thumbnail) {
  if (!thumbnail) return;
  const { width, height, grey } = thumbnail;
  const rgba = Uint32Array.from(grey, (value) => 0xff000000 | (value * 0x010101)); // little-endian ABGR
  Object.assign(canvas, { width, height });
  contextOf(canvas).putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer), width, height), 0, 0);
}

/** @param {import('../../core/table.js').Mark | undefined} mark */
function createCell(mark) {
  const cell = create('td');
  cell.dataset.kind = !mark ? 'unscored' : mark.percentile === undefined ? 'unranked' : 'ranked';
  if (!mark) cell.append(create('span', '·', 'pending'), create('span', t('series.waiting'), 'sr-only'));
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

/** @param {HTMLTemplateElement} template @param {Row} row @param {readonly string[]} findings */
export function createRow(template, row, findings) {
  const element = cloned(template, HTMLTableRowElement);
  const open = find(element, '.open');
  const size = find(element, '.size');
  element.dataset.id = String(row.id);
  element.dataset.state = row.state;
  drawThumbnail(find(element, '.thumbnail', HTMLCanvasElement), row.thumbnail);
  open.title = row.name;
  showName(open, row.name);
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
  if (row.state !== 'failed') element.append(...findings.map((each) => createCell(row.marks.get(each))));
  else {
    const label = Object.assign(create('span', undefined, 'failed-name'), { title: row.name });
    showName(label, row.name);
    open.replaceWith(label);
    const cell = create('td');
    cell.append(create('p', t('series.unread', { reason: tell(row.reason) }), 'error'));
    cell.colSpan = Math.max(1, findings.length);
    element.append(cell);
  }
  return element;
}
