/**
 * A link to a set-up: model, prompts and display, in the fragment, which browsers send to nobody.
 * Never an image, and nothing that names one.
 *
 * @typedef {object} Settings What was understood of a link
 * @property {string} model Name of a folder beside the page, or ''
 * @property {string[] | null} findings @property {string} preset @property {string} selected
 * @property {Partial<import('./state.js').State['map']>} map
 * @property {{places: (number | null)[] | null} | null} contours To be drawn: of the best findings if `places` is null, else of those at these indices of `findings`, each at the index of its colour
 * @property {{window?: [center: number, width: number], invert?: boolean, turn?: number, mirror?: boolean}} display `window`: as fractions of the range of values
 * @property {import('./experiments.js').Experiment | null} experiment To open once a picture is scored
 * @property {string[]} refused Its parts that make no sense, shortened
 */
import { EXPERIMENTS } from './experiments.js';
import { siteFolder } from './folders.js';
import { CONTOURS_MAX } from './viewport/contours.js';
import { partsOfWindow } from './viewport/pixels.js';
import { shortened, tidy } from './words.js';

const FRAGMENT_MAX = 16_000;
const FINDINGS_MAX = 100;
const FINDING_MAX = 200;
/** What a link may hold. */
const PARTS = [
  'model',
  'set',
  'find',
  'show',
  'map',
  'palette',
  'opacity',
  'contours',
  'window',
  'invert',
  'turn',
  'mirror',
  'experiment',
];
const KINDS = /** @type {const} */ (['attention', 'similarity']);

const round = (/** @type {number} */ value) => Number(value.toFixed(4));

const BEST = 'best';
/** A finding's place in the list, or '' where it has none. @param {readonly string[]} findings @param {string | null} finding */
function placeIn(findings, finding) {
  const place = findings.indexOf(finding ?? '');
  return place < 0 ? '' : place;
}

/** The findings whose contours are drawn, by their places in the list. @param {string} text @returns {Settings['contours'] | undefined} */
function contoursIn(text) {
  if (text === BEST) return { places: null };
  if (!/^\d{0,2}(,\d{0,2})*$/.test(text)) return undefined;
  const places = text.split(',').map((place) => (place ? Number(place) : null));
  return places.length <= CONTOURS_MAX ? { places } : undefined;
}

/** @param {import('./state.js').State} state @param {import('./experiments.js').Experiment} [experiment] The one that the link opens */
export function fragmentOf(state, experiment) {
  const { folder, preset, findings, selected, map, contours, display, picture } = state;
  const { window, invert, view } = display;
  const out = new URLSearchParams();
  if (folder.kind === 'site') out.set('model', folder.name);
  if (preset) out.set('set', preset);
  for (const finding of findings) out.append('find', finding);
  if (selected) out.set('show', selected);
  out.set('map', map.on ? map.kind : 'off');
  out.set('palette', map.palette);
  out.set('opacity', String(map.opacity));
  if (contours.on) out.set('contours', contours.chosen?.map((finding) => placeIn(findings, finding)).join() ?? BEST);
  if (window && picture) out.set('window', partsOfWindow(window, picture.pixels.range).map(round).join());
  if (invert) out.set('invert', '1');
  if (view.turn) out.set('turn', String(view.turn));
  if (view.mirror) out.set('mirror', '1');
  if (experiment) out.set('experiment', experiment);
  return `#${out}`;
}

/** A number between two others, or undefined. @param {string} text @param {number} low @param {number} high */
function numberIn(text, low, high) {
  const value = /^-?\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  return value >= low && value <= high ? value : undefined;
}

/** A window's centre and width, as fractions of the range of values. @param {string} text @returns {[number, number] | undefined} */
function windowIn(text) {
  const [center, width, ...more] = text.split(',').map((each) => numberIn(each, -1, 4));
  return center !== undefined && width !== undefined && width > 0 && !more.length ? [center, width] : undefined;
}

/** An object without what is undefined in it. @template {object} T @param {T} object @returns {Partial<T>} */
const known = (object) =>
  /** @type {Partial<T>} */ (Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)));

/** The settings of a link that make sense; all others are listed as refused. Null if it has no settings. @param {string} fragment @returns {Settings | null} */
export function settingsFromFragment(fragment) {
  const long = fragment.length > FRAGMENT_MAX;
  const params = new URLSearchParams(long ? '' : fragment.replace(/^#/, ''));
  if (!long && !PARTS.some((name) => params.has(name))) return null;
  /** @type {string[]} */ const refused = long ? [shortened(fragment)] : [];
  /** Reads a part of the link; what cannot be read is refused. @template T @param {string} name @param {(text: string) => T | undefined} read */
  const part = (name, read) => {
    const text = params.get(name);
    const value = text ? read(text) : undefined;
    if (text && value === undefined) refused.push(shortened(`${name}=${text}`));
    return value;
  };
  const name = (/** @type {string} */ text) => (text.length <= FINDING_MAX && tidy(text)) || undefined;
  const yes = (/** @type {string} */ text) => text === '1' || undefined;
  /** @type {Set<string>} */ const findings = new Set();
  params.getAll('find').forEach((text, i) => {
    const finding = i < FINDINGS_MAX && name(text);
    if (finding) findings.add(finding);
    else if (text) refused.push(shortened(`find=${text}`));
  });
  return {
    model: part('model', (text) => (siteFolder(text, 'http://localhost/') ? text : undefined)) ?? '',
    findings: findings.size ? [...findings] : null,
    preset: part('set', name) ?? '',
    selected: part('show', name) ?? '',
    map: known({
      ...part('map', (text) => {
        const kind = KINDS.find((each) => each === text);
        return kind ? { on: true, kind } : text === 'off' ? { on: false } : undefined;
      }),
      palette: part('palette', name),
      opacity: part('opacity', (text) => numberIn(text, 0, 100)),
    }),
    contours: part('contours', contoursIn) ?? null,
    display: known({
      window: part('window', windowIn),
      invert: part('invert', yes),
      turn: part('turn', (text) => [1, 2, 3].find((turn) => String(turn) === text)),
      mirror: part('mirror', yes),
    }),
    experiment: part('experiment', (text) => EXPERIMENTS.find((each) => each === text)) ?? null,
    refused,
  };
}
