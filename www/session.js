/** What happens: the model's life, the picture's life, and the loop that scores. Views call these methods only. */
import { CompareActions } from './features/compare/actions.js';
import { begin } from './worker/begin.js';
import { DEFAULT_MODEL, siteFolder } from './core/folders.js';
import { language, programMessage, setFindingNames, setLanguage } from './core/i18n.js';
import { readKeys, readPreference, writeKeys, writePreference } from './core/preference.js';
import { reportOf } from './core/report.js';
import { reviewOf } from './core/review.js';
import { RewriteActions } from './features/rewrite/actions.js';
import { SeriesActions } from './features/series/actions.js';
import { contoured, drawing, initialDisplay, overlayKey, ranked, shownMap, unscored } from './core/state.js';
import { compare, newRound, surprise } from './features/teaching/round.js';
import { CONTOURS_MAX } from './core/viewport/contours.js';
import { Pixels, windowFromParts } from './core/viewport/pixels.js';
import { FITTED } from './core/viewport/transform.js';
import { WhyActions } from './features/why/actions.js';

const BATCH_MAX = 256;
const BATCH_MS = 500; // a batch's target length: progress stays visible on a slow device
const LIVE_MS = 500; // a device that scores a drawing within this does so while a slider moves

/** Where the weights came from. @param {{downloaded: number, cached: number, trouble: string} | {read: number}} weights @returns {import('./core/i18n.js').Message} */
function weightsInWords(weights) {
  const bytes = 'read' in weights ? weights.read : weights.downloaded + weights.cached;
  const size = {
    key: 'weights.size',
    values: { megabytes: bytes < 1e8 ? Math.round(bytes / 1e5) / 10 : Math.round(bytes / 1e6) },
  };
  if ('read' in weights) return { key: 'weights.read', values: { size } };
  const { downloaded, trouble } = weights;
  if (trouble) return { key: 'weights.notKept', values: { size, trouble: { key: `weights.${trouble}` } } };
  return { key: downloaded === 0 ? 'weights.cached' : 'weights.kept', values: { size } };
}

/** @param {import('./core/state.js').Example} example @returns {import('./core/i18n.js').Message} */
const syntheticName = ({ name, title }) => ({ key: 'sources.synthetic', values: { name: { example: name, title } } });

/**
 * What the worker decoded, ready to be shown.
 *
 * @param {{values: Uint8Array | Uint16Array | Int16Array, width: number, height: number,
 *   spacing?: [row: number, column: number] | null, window?: import('./core/viewport/pixels.js').Window | null}} decoded See `Pixels`
 */
function shownFromDecoded({ values, spacing = null, window = null, ...facts }) {
  const pixels = new Pixels({ values, width: facts.width, height: facts.height, spacing, window });
  return { ...facts, pixels, grid: { width: facts.width, height: facts.height, aspect: pixels.aspect } };
}

const tidy = (/** @type {string} */ text) => text.trim().replace(/\s+/g, ' ');
/** What is wrong where a model does not load, by the code of the error; anything else is told as it is. */
const CAUSES = {
  'not-found': 'failure.address',
  network: 'failure.connection',
  ...Object.fromEntries(
    ['bad-manifest', 'bad-config', 'bad-file', 'bad-weights', 'bad-tokenizer'].map((code) => [code, 'failure.format']),
  ),
};

const same = (/** @type {string} */ a, /** @type {string} */ b) => a.toLowerCase() === b.toLowerCase();

/**
 * What the parts of a session share.
 *
 * @typedef {object} Host
 * @property {(type: string, payload: object) => Promise<any>} call A job of the worker
 * @property {(file: File, name: string) => void} openFile
 * @property {(error: any) => void} failed The model, or its device
 */

export class Session {
  #store;
  /** @type {import('./worker/client.js').WorkerClient | null} */ #client = null;
  /** @type {import('./worker/client.js').WorkerClient | null} A model that is tried */ #trial = null;
  /** @type {import('./core/share.js').Settings | null} Of a link, for the model that loads */ #settings = null;
  /** @type {import('./core/share.js').Settings['display'] | null} Of a link, for the next picture */ #opening = null;
  /** The address asked for a model that is no folder beside the page. */ #ignored = false;
  /** @type {import('./core/i18n.js').Message | undefined} Why not WebGPU, whatever is preferred */ #without;
  /** It has restarted itself once; from then on a person decides. */
  #restarted = false;
  #wasmReady = false;
  /** The findings' names in other languages are known. */
  #named = false;
  #lastPicture = 0;
  #pumping = false;
  #paintedKey = '';
  #batch = 1; // and then as many as the first one's time allows

  /** @param {import('./core/state.js').Store} store */
  constructor(store) {
    this.#store = store;
    store.update({ preference: readPreference(), keys: readKeys() });
    /** @type {Host} */
    const host = {
      call: (type, payload) => this.#client.call(type, payload),
      openFile: (file, name) => this.openFile(file, name),
      failed: (error) => this.#failed(error),
    };
    const asked = new URLSearchParams(location.search).get('model');
    const folder = siteFolder(asked ?? DEFAULT_MODEL);
    store.update({ folder: folder ?? siteFolder(DEFAULT_MODEL) });
    this.#ignored = !folder;
    this.series = new SeriesActions(store, host);
    this.comparison = new CompareActions(store, host);
    this.why = new WhyActions(store, host);
    this.rewriting = new RewriteActions(store, host);
  }

  get #state() {
    return this.#store.state;
  }

  get state() {
    return this.#state;
  }

  /** Starts, or starts over, in a fresh worker, or in one that has begun; picture, findings and display stay. @param {import('./worker/begin.js').Begun} [first] */
  async start(first) {
    const { folder, preference } = this.#state;
    const fits = first && first.folder.url === folder.url;
    if (!fits) first?.client.stop();
    const begun = fits ? first : begin(folder, { preference, without: this.#without });
    begun.onDownload = (download) => this.#store.update({ download });
    const { client, started, loaded } = begun;
    client.crashed.then((error) => this.#crashed(client, error));
    this.#take(client);
    try {
      await this.#started(await started); // the worker has the picture, before the model is asked about it
      const model = await loaded;
      if (client === this.#client) await this.#loaded(model);
    } catch (error) {
      if (client === this.#client) this.#failed(error);
    }
  }

  /** Tries another model in a worker of its own: what fails there changes nothing here. @param {import('./core/folders.js').Folder} folder */
  async chooseModel(folder) {
    const begun = begin(folder, { preference: this.#state.preference });
    const { client } = begun;
    begun.onDownload = (download) => this.#store.update({ trial: { name: folder.name, download } });
    client.crashed.then((error) => this.#crashed(client, error));
    this.#trial?.stop();
    this.#trial = client;
    this.#store.update({ trial: { name: folder.name, download: null }, notice: null });
    try {
      const [started, loaded] = await Promise.all([begun.started, begun.loaded]);
      if (client !== this.#trial) return;
      this.#trial = null;
      this.#take(client);
      this.#store.update({ folder, trial: null });
      await this.#started(started); // it has no picture yet
      await this.#loaded(loaded);
    } catch (error) {
      if (client === this.#client) return this.#failed(error);
      if (client !== this.#trial) return; // another was chosen meanwhile
      this.#trial = null;
      client.stop();
      this.#store.update({ trial: null });
      const reason = programMessage(error.cause ?? error);
      this.refuse(
        { key: 'model.refused', values: { name: folder.name } },
        this.#state.model === 'ready' ? { key: 'model.stays', values: { reason } } : reason,
      );
      const settings = this.#settings;
      if (this.#state.model !== 'ready' || !settings?.findings) return;
      this.#settings = null;
      this.#restoreFindings(settings);
    }
  }

  /** Goes on with this worker, and lets the one before go. @param {WorkerClient} client */
  #take(client) {
    this.#client?.stop();
    this.#client = client;
    this.#wasmReady = false;
    this.#paintedKey = '';
    const picture = this.#state.picture && { ...this.#state.picture, view: null, verdict: undefined, encoded: false };
    this.#store.update({
      model: 'loading',
      download: null,
      device: null,
      notice: null,
      failure: null,
      weights: '',
      work: '',
      redraw: null,
      picture,
      scores: new Map(),
      timing: null,
      overlay: null,
      ramp: null,
    });
    this.series.forget();
    this.comparison.forget();
    this.why.forget();
  }

  /** Opens the picture again. @param {{device: any, phantoms: any, palettes: string[]}} started */
  async #started(started) {
    const client = this.#client;
    this.#wasmReady = true;
    if (language() !== 'en') await this.#learnNames();
    if (client !== this.#client) return;
    const { map, wanted, picture } = this.#state;
    const palette = started.palettes.includes(map.palette) ? map.palette : started.palettes[0];
    this.#store.update({ ...started, map: { ...map, palette } });
    const again = wanted ?? picture;
    if (again) await this.open(again.source, again.name);
  }

  /** Learns the findings' Japanese names, which take the program a while. */
  async #learnNames() {
    if (this.#named || !this.#wasmReady) return;
    const names = await this.#client.call('japanese', {}).catch(() => null);
    if (names) setFindingNames(names);
    this.#named = Boolean(names);
  }

  /** @param {{device: any, info: any, weights: any}} loaded */
  async #loaded({ device, info, weights }) {
    const settings = this.#settings;
    this.#settings = null;
    this.#store.update({ model: 'ready', device, info, weights: weightsInWords(weights) });
    if (this.#ignored) this.refuse({ key: 'model.ignored' }, { key: 'model.ignoredText' });
    this.#ignored = false;
    if (settings?.findings) await this.#restoreFindings(settings);
    else if (!info.presets.some(({ id }) => id === this.#state.preset) && info.presets.length) {
      this.choosePreset((info.presets.find(({ id }) => id === settings?.preset) ?? info.presets[0]).id);
    }
    this.#pump();
  }

  /** Sets up what a link asks for; the model's part waits until it has loaded. @param {import('./core/share.js').Settings | null} settings */
  restore(settings) {
    if (!settings) return;
    const { map, picture, model, folder, palettes } = this.#state;
    this.#settings = settings;
    this.#opening = settings.display;
    const { palette = map.palette, ...rest } = settings.map;
    this.#store.update({
      map: { ...map, ...rest, palette: !palettes.length || palettes.includes(palette) ? palette : map.palette },
    });
    if (picture) this.show({ ...initialDisplay(), lines: this.#state.display.lines, ...this.#opened(picture.pixels) });
    const wanted = settings.model && settings.model !== folder.name ? siteFolder(settings.model) : null;
    if (wanted && model === 'loading' && !this.#client) this.#store.update({ folder: wanted });
    else if (wanted) this.chooseModel(wanted);
    else if (model === 'ready' && settings.findings) {
      this.#settings = null;
      this.#restoreFindings(settings);
    }
  }

  /** Those that this model can read. @param {import('./core/share.js').Settings} settings */
  async #restoreFindings({ findings: wanted, preset, selected }) {
    const read = await Promise.all(
      wanted.map((finding) =>
        this.#client.call('sentence', { finding }).then(
          () => finding,
          () => null,
        ),
      ),
    );
    const findings = read.filter((finding) => finding !== null);
    const { info } = this.#state;
    if (!info || !findings.length) return;
    const id = (info.presets.find((entry) => entry.id === preset) ?? info.presets[0])?.id ?? '';
    this.#setFindings(findings, {
      preset: id,
      removed: [],
      selected: findings.includes(selected) ? selected : '',
      picked: findings.includes(selected),
    });
  }

  /** How the next picture opens: as a link asks, once. @param {Pixels} pixels @returns {Partial<import('./core/state.js').Display>} */
  #opened(pixels) {
    const { window, invert = false, turn = 0, mirror = false } = this.#opening ?? {};
    this.#opening = null;
    return {
      invert,
      view: { ...FITTED, turn, mirror },
      window: window ? pixels.clamp(windowFromParts(window, pixels.range)) : null,
    };
  }

  /** Gives up the model that the address asks for. */
  useOwnModel() {
    const address = new URL(location.href);
    address.searchParams.delete('model');
    const fragment = new URLSearchParams(address.hash.slice(1));
    fragment.delete('model');
    address.hash = String(fragment);
    history.replaceState(null, '', address);
    this.#store.update({ folder: siteFolder(DEFAULT_MODEL) });
    this.start();
  }

  /** After everything was forgotten: nothing is loaded until a person asks for it. */
  stayEmpty() {
    this.#store.update({ model: 'empty' });
  }

  /** @param {'auto' | 'webgpu' | 'cpu'} preference */
  setPreference(preference) {
    writePreference(preference);
    this.#without = undefined;
    this.#store.update({ preference });
    this.start();
  }

  /** Opens a picture; a refusal leaves the one before. @param {import('./core/state.js').Source} source @param {import('./core/i18n.js').Message} name */
  async open(source, name) {
    const id = ++this.#lastPicture;
    const { wanted, picture: shown, notice } = this.#state;
    const again = [wanted?.source, shown?.source].includes(source); // after a restart
    this.#store.update({ wanted: { source, name }, redraw: null, notice: again ? notice : null });
    if (!this.#wasmReady) return; // start() comes back to it
    const client = this.#client;
    try {
      const decoded = await client.call('decode', { picture: id, source });
      if (id !== this.#lastPicture) return void client.call('drop', { picture: id }).catch(() => {});
      const before = this.#state.picture;
      this.#release(before);
      const picture = { id, source, name, view: null, encoded: false, redrawn: false, ...shownFromDecoded(decoded) };
      this.comparison.follow(before, picture);
      const display = again ? this.#state.display : { ...initialDisplay(), ...this.#opened(picture.pixels) };
      const { teaching: round } = this.#state;
      const teaching = round && !again ? newRound(round.rounds) : round;
      this.#store.update({ wanted: null, picture, display, teaching, scores: new Map(), timing: null, overlay: null });
      this.#pump();
    } catch (error) {
      if (error.code === 'stopped' || id !== this.#lastPicture) return;
      this.#store.update({ wanted: null });
      this.refuse({ key: 'sources.refused', values: { name } }, programMessage(error));
    }
  }

  /** Opens an image in the viewer; a series stays, behind it. @param {File} file @param {string} name */
  openFile(file, name) {
    this.#leaveTable();
    this.open({ file }, name);
  }

  /** Opens the picture's file again with black and white exchanged, for the model too, or as it is. */
  exchange() {
    const {
      picture: { source, name },
    } = this.#state;
    if ('file' in source) this.open({ ...source, negative: !source.negative }, name);
  }

  /** Opens a synthetic chest, and with it the phantom lab; what it was drawn to show is selected. @param {import('./core/state.js').Example} example */
  openExample(example) {
    const { findings, teaching } = this.#state;
    const own = findings.find((finding) => same(finding, example.finding ?? ''));
    if (!teaching) this.#store.update(own ? { selected: own, picked: true } : { picked: false });
    this.open({ example, phantom: example.params, moving: false }, syntheticName(example));
  }

  /** Redraws it. Of drawings that come too fast, only the newest is made. @param {Partial<import('./core/state.js').Params>} change @param {boolean} [moving] */
  redraw(change, moving = false) {
    const now = drawing(this.#state);
    if (!now || !this.#wasmReady) return;
    this.#store.update({ redraw: { ...now, phantom: { ...now.phantom, ...change }, moving } });
    setTimeout(() => this.#pump()); // after `change`, which follows a key's `input` at once
  }

  /** @param {number} step Of the guided tour, or -1 */
  showTour(step) {
    if (step >= 0 && this.#state.teaching) this.teach(false); // it explains what teaching mode hides
    if (step >= 0) this.#leaveTable();
    this.#store.update({ tour: step });
  }

  /** The sentence that the model gets for a finding. @param {string} finding @returns {Promise<string>} */
  sentence(finding) {
    return this.#client.call('sentence', { finding }).catch(() => '');
  }

  /** From the table of a series, if it is on show, to the viewer. */
  #leaveTable() {
    if (this.#state.series?.shown) this.series.show(false);
  }

  /** Begins or ends teaching mode, in the viewer and with one picture. @param {boolean} on */
  teach(on) {
    if (on) this.#leaveTable();
    if (on && this.#state.compare) this.comparison.stop();
    this.#store.update({ teaching: on ? newRound(0) : null, truth: false, tour: -1 });
    if (on) this.chooseTool('window');
  }

  /** What the learner says. @param {Partial<import('./features/teaching/round.js').Round>} patch */
  answer(patch) {
    const { teaching } = this.#state;
    if (teaching && !teaching.outcome) this.#store.update({ teaching: { ...teaching, ...patch } });
  }

  /** Ends the round: shows everything, first what was compared. */
  reveal() {
    const { teaching } = this.#state;
    const outcome = compare(this.#state);
    const selected =
      outcome.rows.find(({ finding }) => this.#state.scores.has(finding))?.finding ?? this.#state.selected;
    this.#store.update({
      teaching: { ...teaching, rounds: teaching.rounds + 1, outcome },
      truth: Boolean(outcome.drawn),
      selected,
      picked: true,
    });
  }

  /** The next round, on a synthetic chest that nobody has chosen. */
  surprise() {
    this.#leaveTable();
    const { params } = this.#state.phantoms.find(({ name }) => name === 'normal') ?? this.#state.phantoms[0];
    this.openExample({ name: 'surprise', title: 'Chest of this round', params: surprise(params) });
  }

  /** @param {boolean} truth */
  showTruth(truth) {
    this.#store.update({ truth });
  }

  /** Draws small synthetic examples, one after another: what a person wants goes first. @param {[phantom: import('./core/state.js').Params, canvas: HTMLCanvasElement][]} examples */
  async preview(examples) {
    for (const [phantom, canvas] of examples) {
      const preview = await this.#client.call('preview', { phantom }).catch(() => null);
      if (!preview) continue; // a button without a picture still works
      Object.assign(canvas, { width: preview.bitmap.width, height: preview.bitmap.height });
      canvas.getContext('bitmaprenderer').transferFromImageBitmap(preview.bitmap);
    }
  }

  /** @param {import('./core/i18n.js').Message} title @param {import('./core/i18n.js').Message} text @param {string} [report] */
  refuse(title, text, report) {
    this.#store.update({ notice: { title, text, report } });
  }

  dismiss() {
    this.#store.update({ notice: null });
  }

  /** Replaces the list by a preset; what a person typed stays. @param {string} id */
  choosePreset(id) {
    const { info, findings, preset } = this.#state;
    const find = (/** @type {string} */ wanted) => info.presets.find((entry) => entry.id === wanted)?.findings ?? [];
    const own = findings.filter((finding) => ![...find(preset), ...find(id)].some((other) => same(other, finding)));
    this.#setFindings([...own, ...find(id)], { preset: id, removed: [], picked: false });
  }

  /** Adds all of them or none, and selects the first. @param {string[]} texts @param {Partial<import('./core/state.js').State>} [patch] @returns {Promise<boolean>} Whether they are on the list now. */
  async addFindings(texts, patch) {
    const wanted = texts.map(tidy).filter((text, i, all) => text && all.findIndex((other) => same(other, text)) === i);
    if (!wanted.length) return false;
    try {
      await Promise.all(wanted.map((finding) => this.#client.call('sentence', { finding })));
    } catch (error) {
      this.#store.update({ findingError: error.code === 'stopped' ? '' : programMessage(error) });
      return false;
    }
    const { findings } = this.#state;
    const known = (/** @type {string} */ finding) => findings.find((other) => same(other, finding));
    const fresh = wanted.filter((finding) => !known(finding));
    const selected = known(wanted[0]) ?? wanted[0];
    this.rewriting.stop();
    this.#setFindings([...fresh, ...findings], { selected, picked: true, findingError: '', review: null, ...patch });
    return true;
  }

  /**
   * What was typed is aligned first. A name, synonym or abbreviation joins the list as the finding that it stands for;
   * anything else is opened for review, from where it can also be sent as it is.
   *
   * @param {string} text
   * @returns {Promise<boolean>} Whether it is on the list now.
   */
  async submitText(text) {
    const own = tidy(text);
    if (!own) return false;
    const { names, near, statements } = await this.#client
      .call('typed', { text })
      .catch(() => ({ names: [], statements: [] }));
    const { findings, info } = this.#state;
    const among = (/** @type {string[]} */ list) =>
      [own, ...names].map((name) => list.find((other) => same(other, name))).find(Boolean);
    const finding = among(findings) ?? among(info.presets.flatMap((preset) => preset.findings)) ?? names[0];
    if (finding) return this.addFindings([finding], { taken: same(finding, own) ? null : { text: own, finding } });
    this.#store.update({ review: reviewOf(text, statements, near), findingError: '', taken: null });
    return false;
  }

  cancelReview() {
    this.rewriting.stop();
    this.#store.update({ review: null, findingError: '' });
  }

  /** @param {string} prefix @returns {Promise<{text: string, finding: string}[]>} */
  complete(prefix) {
    return this.#client.call('complete', { prefix, limit: 7 }).catch(() => []);
  }

  /** @param {string[]} gone */
  removeFindings(gone) {
    const { findings, removed } = this.#state;
    this.#setFindings(
      findings.filter((finding) => !gone.includes(finding)),
      { removed: [...removed, ...gone] },
    );
  }

  restoreFindings() {
    this.#setFindings([...new Set([...this.#state.findings, ...this.#state.removed])], { removed: [] });
  }

  /** @param {string} finding */
  select(finding) {
    this.#store.update({ selected: finding, picked: true });
  }

  /** @param {Partial<import('./core/state.js').State['map']>} patch */
  setMap(patch) {
    this.#store.update({ map: { ...this.#state.map, ...patch } });
  }

  /** @param {boolean} on */
  showContours(on) {
    this.#store.update({ contours: { ...this.#state.contours, on } });
  }

  /** Draws a finding's contours too, or no longer; the others keep their colours. @param {string} finding @param {boolean} drawn */
  chooseContour(finding, drawn) {
    const now = Array.from({ length: CONTOURS_MAX }, (_, i) => contoured(this.#state)[i] ?? null);
    const place = now.indexOf(drawn ? null : finding);
    if (place >= 0) this.#store.update({ contours: { on: true, chosen: now.with(place, drawn ? finding : null) } });
  }

  /** Shows the picture otherwise; the model has its own, and nothing is computed anew. @param {Partial<import('./core/state.js').Display>} patch */
  show(patch) {
    this.#store.update({ display: { ...this.#state.display, ...patch } });
  }

  /** Back to how it opened; lengths stay. */
  resetDisplay() {
    this.show({ ...initialDisplay(), lines: this.#state.display.lines });
  }

  /** @param {import('./core/viewport/gestures.js').Tool} tool */
  chooseTool(tool) {
    this.#store.update({ tool });
    this.show({ draft: null, cursor: null });
  }

  /** @param {import('./core/viewport/transform.js').Size} viewport */
  setViewport(viewport) {
    this.#store.update({ viewport });
  }

  /** @param {Partial<import('./core/state.js').State['offline']>} patch */
  setOffline(patch) {
    this.#store.update({ offline: { ...this.#state.offline, ...patch } });
  }

  /** @param {import('./core/i18n.js').Language} name */
  async setLanguage(name) {
    await this.#learnNames();
    setLanguage(name);
    this.#store.update({ language: name });
  }

  /** @param {boolean} keys */
  setKeys(keys) {
    writeKeys(keys);
    this.#store.update({ keys });
  }

  /** Does what the state asks for beside the viewer's work. Called after every change. */
  settle() {
    this.#paint();
    this.series.pump();
    this.comparison.pump();
    this.why.pump();
  }

  /** Fetches the overlay and the colour ramp when the state asks for others. */
  async #paint() {
    const key = overlayKey(this.#state);
    const { palette } = this.#state.map;
    if (!key || key === this.#paintedKey) return;
    this.#paintedKey = key;
    const client = this.#client;
    try {
      if (this.#state.ramp?.palette !== palette) {
        const side = this.#state.info.mapSide;
        const ramp = Float32Array.from({ length: side * side }, (_, i) =>
          2 * i < side * side ? 0 : (i % side) / (side - 1),
        ); // colours start at the median
        const { rgba, size } = await client.call('map', { map: ramp, palette });
        const row = Math.floor(size * 0.75) * size * 4;
        this.#store.update({ ramp: { palette, rgba: rgba.slice(row, row + size * 4) } });
      }
      if (key !== overlayKey(this.#state)) {
        // changed meanwhile: another call has it, or will
        if (key === this.#paintedKey) this.#paintedKey = '';
        return;
      }
      const overlay = await client.call('map', { map: shownMap(this.#state).values, palette });
      if (key === this.#paintedKey) this.#store.update({ overlay: { key, ...overlay } });
    } catch (error) {
      if (client === this.#client && error.code !== 'stopped') this.#failed(error);
    }
  }

  /** @param {string[]} findings @param {Partial<import('./core/state.js').State>} patch */
  #setFindings(findings, patch) {
    const selected = patch.selected ?? this.#state.selected;
    this.#store.update({ findings, taken: null, ...patch, selected: findings.includes(selected) ? selected : '' });
    this.#selectTop();
    this.#pump();
  }

  #selectTop() {
    const { selected, picked, work, scores } = this.#state;
    if (selected && (picked || work)) return;
    const top = ranked(this.#state)[0];
    if (top && scores.has(top)) this.#store.update({ selected: top, picked: false });
  }

  /** Looks at the state, and does the next thing that is missing, until nothing is. */
  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    const client = this.#client;
    try {
      while (this.#state.picture && client === this.#client) {
        const {
          model,
          picture: { id, encoded },
          redraw,
          timing,
        } = this.#state;
        const missing = unscored(this.#state);
        const live = model === 'ready' && timing && timing.encode + timing.score < LIVE_MS;
        const complete = encoded && !missing.length;
        if (redraw && (complete || !live)) await this.#draw(client, redraw);
        else if (model !== 'ready') break;
        else if (!encoded) await this.#encode(client, id);
        else if (missing.length) await this.#score(client, id, missing.slice(0, this.#batch));
        else break;
      }
      if (client === this.#client && this.#state.work) {
        this.#store.update({ work: '' });
        this.#selectTop();
      }
      if (client === this.#client && this.#state.model === 'ready') this.#learnNames();
    } catch (error) {
      if (client === this.#client) this.#failed(error);
    } finally {
      this.#pumping = false;
    }
  }

  /** The worker forgets a picture, unless it stays beside the next. @param {import('./core/state.js').Picture | null} picture */
  #release(picture) {
    if (picture && !this.comparison.holds(picture)) this.#client.call('drop', { picture: picture.id }).catch(() => {}); // an open call is only rejected by a stop
  }

  /** The scores and the view of the drawing before stay, so that nothing flickers. @param {WorkerClient} client @param {import('./core/state.js').Drawing} source */
  async #draw(client, source) {
    const id = ++this.#lastPicture;
    const decoded = await client.call('decode', { picture: id, source });
    const { picture: before, redraw, selected } = this.#state;
    if (id !== this.#lastPicture) return void client.call('drop', { picture: id }).catch(() => {}); // another was opened
    this.#release(before);
    const { example, phantom } = source;
    const altered = Object.entries(phantom).some(([name, value]) => (value ?? null) !== (example.params[name] ?? null));
    const scale = decoded.width / before.width;
    const view =
      before.view && Object.fromEntries(Object.entries(before.view).map(([name, value]) => [name, value * scale]));
    const name = altered ? { key: 'sources.altered' } : syntheticName(example);
    const shown = shownFromDecoded(decoded);
    const grid = source.moving ? before.grid : shown.grid;
    const picture = { id, source, name, encoded: false, redrawn: true, ...shown, grid, view };
    this.comparison.follow(before, picture);
    this.#store.update({ picture, picked: Boolean(selected), redraw: redraw === source ? null : redraw });
  }

  /** @param {WorkerClient} client @param {number} id */
  async #encode(client, id) {
    this.#store.update({ work: 'encoding' });
    const { view, verdict, ms } = await client.call('encode', { picture: id });
    if (id !== this.#state.picture?.id) return;
    this.#store.update({
      picture: { ...this.#state.picture, view, verdict, encoded: true },
      timing: { encode: ms, score: 0, scored: 0 },
    });
  }

  /** @param {WorkerClient} client @param {number} id @param {string[]} findings */
  async #score(client, id, findings) {
    this.#store.update({ work: 'scoring' });
    const { scores, ms } = await client.call('score', { picture: id, findings });
    this.#batch = Math.max(1, Math.min(BATCH_MAX, Math.round((findings.length * BATCH_MS) / Math.max(ms, 1))));
    if (id !== this.#state.picture?.id) return;
    const { timing } = this.#state;
    this.#store.update({
      scores: new Map([
        ...this.#state.scores,
        ...findings.map((finding, i) => /** @type {const} */ ([finding, { ...scores[i], picture: id }])),
      ]),
      timing: { ...timing, score: timing.score + ms, scored: timing.scored + findings.length },
    });
    this.#selectTop();
  }

  /** @param {any} error */
  #failed(error) {
    if (error.code === 'stopped') return;
    const { device, model, wanted, folder } = this.#state;
    const { message } = error;
    const crash = error.code === 'crash';
    const lost = device?.kind === 'webgpu' && (crash || error.code === 'device');
    const report = crash || lost ? reportOf(error, this.#state) : undefined;
    if (lost || (crash && !this.#restarted)) {
      if (lost) this.#without = { key: 'why.lost', values: { message } };
      else this.#restarted = true;
      this.start();
      this.refuse(
        { key: lost ? 'failure.lost' : 'failure.restarted' },
        { key: 'failure.kept', values: { message } },
        report,
      );
      return;
    }
    const refused = crash && error.jobs.includes('decode') ? wanted : null; // the picture before comes back
    const title = { key: crash ? 'failure.crash' : model === 'loading' ? 'failure.load' : 'failure.stop' };
    const cause = model === 'loading' && CAUSES[error.code];
    const text = cause
      ? { key: cause, values: { name: folder.name, reason: programMessage(error) } }
      : refused
        ? { key: 'failure.reading', values: { name: refused.name, message } }
        : crash
          ? { key: 'failure.crashText', values: { message } }
          : programMessage(error);
    const offerOwn = model === 'loading' && folder.url !== siteFolder(DEFAULT_MODEL).url;
    const failure = { title, text, report, crash, offerCpu: device?.kind === 'webgpu', offerOwn };
    this.#store.update({ model: 'failed', work: '', failure, notice: null, wanted: refused ? null : wanted });
  }

  /** @param {WorkerClient} client @param {import('./core/errors.js').CrashError} error */
  #crashed(client, error) {
    if (client !== this.#client) return;
    this.#wasmReady = false;
    this.#failed(error);
  }
}
