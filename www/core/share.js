/**
 * A link to a set-up: model, prompts and display, in the fragment, which browsers send to nobody.
 * Never an image, and nothing that names one.
 *
 * @typedef {object} Settings What was understood of a link
 * @property {string} model Name of a folder beside the page, or ''
 * @property {string[] | null} findings @property {string} preset @property {string} selected
 * @property {Partial<import('./state.js').State['map']>} map
 * @property {{window?: [center: number, width: number], invert?: boolean, turn?: number, mirror?: boolean}} display `window`: in parts of the range of values
 */
import { siteFolder } from './folders.js';
import { partsOfWindow } from './viewport/pixels.js';

const FRAGMENT_MAX = 16_000;
const FINDINGS_MAX = 100;
const FINDING_MAX = 200;
const KINDS = /** @type {const} */ (['attention', 'similarity']);

const tidy = (/** @type {string} */ text) => text.replace(/[\p{C}\s]+/gu, ' ').trim();
const round = (/** @type {number} */ value) => Number(value.toFixed(4));

/** @param {import('./state.js').State} state */
export function fragmentOf({ folder, preset, findings, selected, map, display: { window, invert, view }, picture }) {
  const out = new URLSearchParams();
  if (folder.kind === 'site') out.set('model', folder.name);
  if (preset) out.set('set', preset);
  for (const finding of findings) out.append('find', finding);
  if (selected) out.set('show', selected);
  out.set('map', map.on ? map.kind : 'off');
  out.set('palette', map.palette);
  out.set('opacity', String(map.opacity));
  if (window && picture) out.set('window', partsOfWindow(window, picture.pixels.range).map(round).join());
  if (invert) out.set('invert', '1');
  if (view.turn) out.set('turn', String(view.turn));
  if (view.mirror) out.set('mirror', '1');
  return `#${out}`;
}

/** A number between two others, or undefined. @param {string | null} text @param {number} low @param {number} high */
function numberIn(text, low, high) {
  const value = text && /^-?\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
}

/** @template {object} T @param {T} object Without what is undefined @returns {Partial<T>} */
const known = (object) =>
  /** @type {Partial<T>} */ (Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)));

/** What of a link makes sense; all else is left out. Null where nothing does. @param {string} fragment @returns {Settings | null} */
export function settingsFromFragment(fragment) {
  if (fragment.length > FRAGMENT_MAX) return null;
  const params = new URLSearchParams(fragment.replace(/^#/, ''));
  if (!['model', 'find', 'map', 'set', 'window'].some((name) => params.has(name))) return null;
  const text = (/** @type {string} */ name) => tidy(params.get(name) ?? '').slice(0, FINDING_MAX);
  const findings = [
    ...new Set(
      params
        .getAll('find')
        .slice(0, FINDINGS_MAX)
        .filter((finding) => finding.length <= FINDING_MAX)
        .map(tidy)
        .filter(Boolean),
    ),
  ];
  const model = params.get('model') ?? '';
  const kind = KINDS.find((name) => name === params.get('map'));
  const [center, width, ...more] = (params.get('window') ?? '').split(',').map((part) => numberIn(part, -1, 4));
  return {
    model: siteFolder(model, 'http://localhost/') ? model : '',
    findings: findings.length ? findings : null,
    preset: text('set'),
    selected: text('show'),
    map: known({
      on: params.get('map') === 'off' ? false : kind && true,
      kind,
      palette: text('palette') || undefined,
      opacity: numberIn(params.get('opacity'), 0, 100),
    }),
    display: known({
      window:
        center !== undefined && width !== undefined && width > 0 && !more.length
          ? /** @type {[number, number]} */ ([center, width])
          : undefined,
      invert: params.get('invert') === '1' || undefined,
      turn: [1, 2, 3].find((turn) => String(turn) === params.get('turn')),
      mirror: params.get('mirror') === '1' || undefined,
    }),
  };
}
