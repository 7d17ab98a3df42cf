/**
 * `<carzero-viewer>`: an image, how findings score on it, and where the model looks for the chosen one.
 *
 * Attributes: `src`, the address of an image file, or `example`, the name of a synthetic one; `findings`, separated by
 * commas, else the model's first list; `model`, the address of a model's folder; `device`; `alt`; `lang`, its own or
 * that of an element around it, English or Japanese; and `loading`: with `click` nothing is fetched before a button is
 * pressed, else when it comes into view.
 */
import { ranked } from '../core/derived.js';
import { contextOf, create } from '../core/dom.js';
import { codedFrom } from '../core/errors.js';
import { inLanguage, nameOf, programMessage, setFindingNames, t } from '../core/i18n.js';
import { paintMap } from '../core/viewport/heatmap.js';
import { Pixels, levelFor } from '../core/viewport/pixels.js';
import { cautionsOfWords, isUnknown, marksOf, placeInWords, scoreInWords } from '../core/wording.js';
import { asSentence, cautions, modelInWords } from '../core/words.js';
import { leaveModel, takeModel } from './shared.js';

/**
 * @typedef {import('carzero').Score} Score
 * @typedef {object} Result
 * @property {import('./model.js').EncodedImage} image
 * @property {Map<string, Score>} scores By finding @property {string[]} findings The highest first
 * @property {import('carzero').ModelInfo} info @property {Uint8ClampedArray} ramp The map's colours
 *
 * @typedef {{say: () => string, share?: number}} Status In the element's language; `share` of the model that has arrived, from 0 to 1
 */

const AHEAD = '300px'; // from the visible part of the page: loading begins at this distance, to be done in time
const STYLES = new URL('./viewer.css', import.meta.url).href;

/** On a server, where pages may be rendered, there is no HTMLElement; then importing this does nothing. */
const Base = globalThis.HTMLElement ?? class {};

export class CarzeroViewer extends Base {
  static observedAttributes = ['src', 'example', 'findings', 'model', 'device', 'alt', 'lang', 'loading'];

  #parts = partsOf(this.attachShadow({ mode: 'open' }));
  /** Number of the current request; results of earlier ones are dropped. */ #run = 0;
  /** @type {import('./shared.js').Shared | null} The model in use */ #model = null;
  /** @type {Status | null} */ #status = null;
  /** @type {Result | null} */ #result = null;
  #selected = '';
  #observer =
    globalThis.IntersectionObserver &&
    new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && this.#load(), {
      rootMargin: AHEAD,
    });

  constructor() {
    super();
    const { start, stage, rows, shown } = this.#parts;
    start.addEventListener('click', () => {
      stage.focus(); // the button is hidden soon
      this.#load();
    });
    shown.addEventListener('change', () => this.#render());
    rows.addEventListener('change', ({ target }) => {
      if (!(target instanceof HTMLInputElement)) return;
      this.#selected = target.value;
      this.#render();
    });
  }

  connectedCallback() {
    this.#wait();
  }

  disconnectedCallback() {
    this.#stop();
    this.#use(null);
  }

  /** @param {string} name */
  attributeChangedCallback(name) {
    if (!this.isConnected) return;
    if (name === 'alt' || name === 'lang') this.#render(true);
    else this.#wait();
  }

  /** Drops what was asked for before. */
  #stop() {
    this.#run += 1;
    this.#observer.disconnect();
    [this.#status, this.#result] = [null, null];
  }

  #wait() {
    this.#stop();
    if (this.getAttribute('loading') !== 'click') this.#observer.observe(this);
    this.#render(true);
  }

  /** @param {import('./shared.js').Shared | null} model In place of the one before */
  #use(model) {
    if (this.#model) leaveModel(this.#model);
    this.#model = model;
  }

  async #load() {
    this.#stop();
    if (!this.getAttribute('src') && !this.getAttribute('example')) {
      this.#status = { say: () => t('embed.noImage') };
      return this.#render(true);
    }
    const run = this.#run;
    const tell = (/** @type {Status | null} */ status) => {
      if (run !== this.#run) return;
      this.#status = status;
      this.#render(true);
    };
    const shared = takeModel({
      model: this.getAttribute('model') ?? undefined,
      device: /** @type {import('./model.js').DeviceChoice} */ (this.getAttribute('device') ?? 'auto'),
    });
    this.#use(shared);
    const { loaded, listeners } = shared;
    const loading = () => t('live.loading');
    const follow = (/** @type {number} */ share) => tell({ say: loading, share });
    listeners.add(follow);
    tell({ say: loading });
    /** @type {import('./model.js').CarzeroModel | undefined} */ let model;
    try {
      model = await loaded;
      listeners.delete(follow);
      tell({ say: () => t('embed.scoring') });
      const result = await this.#score(model);
      if (run !== this.#run) return;
      this.#result = result;
      [this.#selected = ''] = result.findings;
      this.#paintPicture(result);
      tell(null);
    } catch (error) {
      const reason = programMessage(codedFrom(error));
      tell({ say: () => asSentence(model ? reason : { key: 'embed.noModel', values: { reason } }) });
    } finally {
      listeners.delete(follow);
    }
  }

  /** @param {import('./model.js').CarzeroModel} model @returns {Promise<Result>} */
  async #score(model) {
    const example = this.getAttribute('example');
    const named = (this.getAttribute('findings') ?? '').split(',').map((finding) => finding.trim());
    const asked = [...new Set(named)].filter(Boolean);
    const findings = asked.length ? asked : (model.info.presets[0]?.findings ?? []);
    setFindingNames(await model.japaneseNames());
    const image = await model.encodeImage(example === null ? (this.getAttribute('src') ?? '') : { example });
    try {
      const all = await model.score(image, findings);
      const scores = new Map(all.map((score) => [score.finding, score]));
      const [{ ramp }] = model.palettes;
      return { image, scores, findings: ranked({ findings, scores }), info: model.info, ramp };
    } finally {
      model.release(image);
    }
  }

  /** English, unless the nearest `lang` is Japanese. */
  get #language() {
    const named = this.closest('[lang]')?.getAttribute('lang') ?? '';
    return /^ja\b/i.test(named) ? 'ja' : 'en';
  }

  /** @param {boolean} [anew] Whether the list of findings is made anew, too */
  #render(anew = false) {
    inLanguage(this.#language, () => {
      const { figure, picture, caution } = this.#parts;
      figure.lang = this.#language;
      picture.setAttribute('aria-label', this.getAttribute('alt') ?? t('viewer.picture'));
      caution.textContent = t('page.caution');
      this.#renderStatus();
      if (anew) this.#renderRows();
      this.#renderReading();
      this.#paintMap();
    });
  }

  #renderStatus() {
    const { start, stage, status, progress } = this.#parts;
    const waits = !this.#status && !this.#result;
    stage.dataset.state = this.#result ? 'done' : waits ? 'waiting' : 'working';
    start.hidden = !waits;
    start.textContent = t('embed.start');
    status.textContent = this.#status?.say() ?? '';
    progress.hidden = this.#status?.share === undefined;
    progress.value = this.#status?.share ?? 0;
    progress.setAttribute('aria-label', t('live.loading'));
  }

  #renderRows() {
    const { list, title, rows, label } = this.#parts;
    list.hidden = !this.#result;
    title.textContent = t('findings.title');
    label.textContent = t('map.title');
    const { scores, findings } = this.#result ?? { scores: new Map(), findings: [] };
    rows.replaceChildren(...findings.map((finding) => rowOf(scores.get(finding), finding === this.#selected)));
  }

  #renderReading() {
    const { reading, notes, model } = this.#parts;
    const score = this.#result?.scores.get(this.#selected);
    if (!score || !this.#result) return notes.replaceChildren();
    const { image, info } = this.#result;
    const ofImage = image.synthetic ? [t('warning.drawing')] : cautions(image);
    const rank = score.percentile === undefined ? [] : [t('figure.rank')];
    reading.textContent = [scoreInWords(score), ...rank].join(' ');
    const ofMap = isUnknown(score) ? [t('map.unknownText')] : [];
    notes.replaceChildren(...[...ofImage, ...cautionsOfWords(score), ...ofMap].map((text) => create('li', text)));
    model.textContent = modelInWords(info);
  }

  /** @param {Result} result */
  #paintPicture({ image: { width, height, pixels } }) {
    const { picture, stage } = this.#parts;
    const source = new Pixels({ ...pixels, width, height });
    const scale = ((stage.clientWidth || width) * devicePixelRatio) / width;
    source.paint(contextOf(picture, { alpha: false }), source.window, false, levelFor(scale));
    stage.style.setProperty('aspect-ratio', `${width} / ${height * source.aspect}`);
  }

  #paintMap() {
    const { map, shown } = this.#parts;
    const score = this.#result?.scores.get(this.#selected);
    map.hidden = !score || !shown.checked;
    if (!score || !this.#result || map.hidden) return;
    const { image, ramp } = this.#result;
    const { size, rgba } = paintMap(score.attention, ramp);
    [map.width, map.height] = [size, size];
    contextOf(map).putImageData(new ImageData(rgba, size, size), 0, 0);
    const { view, width, height } = image;
    const place = {
      left: view.x / width,
      top: view.y / height,
      width: view.width / width,
      height: view.height / height,
    };
    for (const [name, part] of Object.entries(place)) map.style.setProperty(name, `${100 * part}%`);
    map.setAttribute('aria-label', t('map.label', { finding: nameOf(score.finding), kind: t('map.attention') }));
  }
}

/** @param {Score} score @param {boolean} chosen */
function rowOf(score, chosen) {
  const choice = Object.assign(create('input'), {
    type: 'radio',
    name: 'finding',
    value: score.finding,
    checked: chosen,
  });
  const name = create('span', nameOf(score.finding), 'name');
  const marks = create('small', marksOf(score));
  const bar = create('span', undefined, 'bar');
  bar.style.setProperty('--share', String((score.percentile ?? 0) / 100));
  bar.toggleAttribute('data-none', score.percentile === undefined);
  const row = create('label');
  name.append(marks);
  row.append(choice, name, bar, create('span', placeInWords(score), 'standing'));
  return row;
}

/** @param {ShadowRoot} root */
function partsOf(root) {
  const styles = Object.assign(create('link'), { rel: 'stylesheet', href: STYLES });
  const figure = create('figure');
  const stage = Object.assign(create('div', undefined, 'stage'), { tabIndex: -1 });
  const [picture, map] = [create('canvas', undefined, 'picture'), create('canvas', undefined, 'map')];
  const start = Object.assign(create('button'), { type: 'button' });
  const status = create('p', undefined, 'status');
  const progress = create('progress');
  const list = create('fieldset');
  const [title, rows] = [create('legend'), create('div', undefined, 'rows')];
  const [toggle, shown, label] = [create('label', undefined, 'toggle'), create('input'), create('span')];
  const reading = create('p', undefined, 'reading');
  const notes = create('ul', undefined, 'notes');
  const [caution, model] = [create('strong'), create('span')];
  const about = create('p', undefined, 'about');
  for (const canvas of [picture, map]) canvas.setAttribute('role', 'img');
  for (const live of [status, reading]) live.setAttribute('aria-live', 'polite');
  Object.assign(shown, { type: 'checkbox', checked: true });
  toggle.append(shown, label);
  list.append(title, toggle, rows, reading);
  about.append(caution, ' ', model);
  stage.append(picture, map, start, status, progress);
  figure.append(stage, list, notes, about);
  root.append(styles, figure);
  return {
    figure,
    stage,
    picture,
    map,
    start,
    status,
    progress,
    list,
    title,
    rows,
    shown,
    label,
    reading,
    notes,
    caution,
    model,
  };
}

globalThis.customElements?.define('carzero-viewer', CarzeroViewer);
