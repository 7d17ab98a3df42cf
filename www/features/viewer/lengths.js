/** The measured lines, over the picture. */
import { byId, create, createSvg, onChange } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { isSlip, lengthInWords, lengthOf, unitNote } from '../../core/viewport/measure.js';
import { Viewer } from '../../core/viewport/viewer.js';

/** Room for a text beside a line's end, in CSS pixels. */
const CHIP = { aside: 10, up: 14, width: 92, height: 32, edge: 4 };
const CROSS = 10; // CSS pixels from the middle of the keyboard's cursor

/** A line that stands out on any grey. @param {'line' | 'path'} tag @param {Record<string, string | number>} attributes */
const outlined = (tag, attributes) => [createSvg(tag, { ...attributes, class: 'halo' }), createSvg(tag, attributes)];

/** @param {import('../../session.js').Session} session */
export function bindLengths(session) {
  const viewport = byId('fit');
  const layer = byId('lines', SVGSVGElement);
  const list = byId('lengths');
  const draftLength = byId('draft-length');
  const unit = byId('unit-note');
  const viewer = new Viewer(session.display);
  /** @type {Map<import('../../core/viewport/measure.js').Line, HTMLElement>} */ const chips = new Map();

  /** @param {import('../../core/viewport/measure.js').Line} line */
  function inWords(line) {
    const { picture } = session.state;
    if (!picture) return '';
    const { grid, pixels } = picture;
    return lengthInWords(lengthOf(line, grid, pixels.spacing));
  }

  /** @param {HTMLElement} chip @param {import('../../core/viewport/measure.js').Line} line */
  function placeChip(chip, line) {
    const { width, height } = session.state.viewport;
    const [{ x, y }] = [viewer.point(line.from), viewer.point(line.to)].sort((one, two) => two.x - one.x);
    const hold = (/** @type {number} */ value, /** @type {number} */ most) =>
      `${Math.max(CHIP.edge, Math.min(most, value))}px`;
    chip.style.setProperty('left', hold(x + CHIP.aside, width - CHIP.width));
    chip.style.setProperty('top', hold(y - CHIP.up, height - CHIP.height));
  }

  /** @param {import('../../core/viewport/measure.js').Line} line */
  function createChip(line) {
    const chip = create('li', undefined, 'length');
    const words = inWords(line);
    const remove = create('button', '×');
    remove.type = 'button';
    remove.setAttribute('aria-label', t('viewer.removeLength', { length: words }));
    remove.addEventListener('click', () => {
      viewer.removeLine(line);
      viewport.focus();
    });
    chip.append(create('span', words), remove);
    return chip;
  }

  /** @param {import('../../core/viewport/measure.js').Line} line */
  function marksOf({ from, to }) {
    const [one, two] = [viewer.point(from), viewer.point(to)];
    const ends = [one, two].map(({ x, y }) => createSvg('circle', { cx: x, cy: y, r: 3 }));
    return [...outlined('line', { x1: one.x, y1: one.y, x2: two.x, y2: two.y }), ...ends];
  }

  const draw = onChange(
    (
      /** @type {import('../../core/state.js').Picture | null} */ picture,
      /** @type {import('../../core/state.js').Display} */ { lines: all, draft, cursor },
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
      /** @type {string} */ _tool,
    ) => {
      const lines = picture ? all.filter((line) => line !== draft?.moves) : [];
      for (const [line, chip] of chips) {
        if (lines.includes(line)) continue;
        chip.remove();
        chips.delete(line);
      }
      const marks = [...lines, ...(draft ? [draft] : [])].flatMap(marksOf);
      if (cursor?.by === 'keys' && session.state.tool === 'length') {
        const { x, y } = viewer.point(cursor);
        marks.push(...outlined('path', { d: `M${x - CROSS} ${y}h${2 * CROSS}M${x} ${y - CROSS}v${2 * CROSS}` }));
      }
      layer.replaceChildren(...marks);
      for (const line of lines) {
        const chip = chips.get(line) ?? createChip(line);
        if (!chips.has(line)) list.append(chip);
        chips.set(line, chip);
        placeChip(chip, line);
      }
      draftLength.hidden = !draft || isSlip(draft, (part) => viewer.point(part));
      if (!draft || draftLength.hidden) return;
      draftLength.textContent = inWords(draft);
      placeChip(draftLength, draft);
    },
  );

  return (/** @type {import('../../core/state.js').State} */ { picture, display, viewport: size, tool }) => {
    draw(picture, display, size, tool);
    unit.hidden = !picture || (tool !== 'length' && !display.lines.length);
    if (picture) unit.textContent = unitNote(picture.pixels.spacing);
  };
}
