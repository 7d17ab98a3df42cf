/** The model's life, and its worker's: it starts, is exchanged for another one, or fails. */
import { Actions } from '../../core/actions.js';
import { build } from '../../core/build.js';
import { CodedError, codedFrom } from '../../core/errors.js';
import { DEFAULT_MODEL, ownFolder, siteFolder } from '../../core/folders.js';
import { language, programMessage } from '../../core/i18n.js';
import { stopKeeping, writePreference } from '../../core/preference.js';
import { remoteFolder } from '../../core/remote.js';
import { reportOf } from '../../core/report.js';
import { begin } from '../../worker/begin.js';
import { failureOf, weightsInWords } from './words.js';

/**
 * @typedef {import('../../worker/client.js').WorkerClient} WorkerClient
 * @typedef {import('../../core/folders.js').Folder} Folder
 */

export class ModelActions extends Actions {
  /** @type {WorkerClient | null} */ #client = null;
  /** @type {WorkerClient | null} A model that is tried */ #trial = null;
  /** What the address asks for, where that is no folder beside the page. */ #ignored = '';
  /** @type {import('../../core/i18n.js').Message | undefined} Why not WebGPU, whatever is preferred */ #without;
  /** It has restarted itself once; from then on a person decides. */ #restarted = false;
  /** The worker has its program, so that jobs can be asked for. */ hasProgram = false;

  /** @param {import('../../session.js').Session} session */
  constructor(session) {
    super(session);
    const asked = new URLSearchParams(location.search).get('model') ?? DEFAULT_MODEL;
    const folder = siteFolder(asked);
    this.update({ folder: folder ?? ownFolder() });
    if (!folder) this.#ignored = asked;
  }

  /** A worker was started, whatever became of it. */
  get hasBegun() {
    return this.#client !== null;
  }

  get client() {
    if (this.#client) return this.#client;
    throw new CodedError('stopped', 'There is no worker yet.');
  }

  /** Starts, or starts over, in a new worker, or in one that has begun already; picture, findings and display stay. @param {import('../../worker/begin.js').Begun} [first] */
  async start(first) {
    const { folder, preference } = this.state;
    const fits = first?.folder.kind === 'site' && folder.kind === 'site' && first.folder.url === folder.url;
    if (!fits) first?.client.stop();
    const begun = first && fits ? first : begin(folder, { preference, without: this.#without }, build());
    begun.onDownload = (download) => this.update({ download });
    const { client, started, loaded } = begun;
    client.crashed.then((error) => this.#crashed(client, error));
    this.#take(client);
    try {
      await this.#started(await started); // the worker has the picture, before the model is asked about it
      const model = await loaded;
      if (client === this.#client) await this.#loaded(model);
    } catch (error) {
      if (client === this.#client) this.failed(error);
    }
  }

  /** Tries another model in a worker of its own: what fails there changes nothing here. @param {Folder} folder */
  async choose(folder) {
    const begun = begin(folder, { preference: this.state.preference }, build());
    const { client } = begun;
    begun.onDownload = (download) => this.update({ trial: { name: folder.name, download } });
    client.crashed.then((error) => this.#crashed(client, error));
    this.#trial?.stop();
    this.#trial = client;
    this.update({ trial: { name: folder.name, download: null }, notice: null });
    try {
      const [started, loaded] = await Promise.all([begun.started, begun.loaded]);
      if (client !== this.#trial) return;
      this.#trial = null;
      this.#take(client);
      this.update({ folder, trial: null });
      await this.#started(started); // the worker has no picture yet
      await this.#loaded(loaded);
    } catch (error) {
      if (client === this.#client) this.failed(error);
      else if (client === this.#trial) this.#refuse(folder, client, codedFrom(error)); // else another was chosen meanwhile
    }
  }

  /** @param {Folder} folder @param {WorkerClient} client @param {import('../../core/errors.js').Known} error */
  #refuse(folder, client, error) {
    this.#trial = null;
    client.stop();
    this.update({ trial: null });
    const reason = programMessage(error.cause instanceof Error ? codedFrom(error.cause) : error);
    this.session.notices.refuse(
      { key: 'model.refused', values: { name: folder.name } },
      this.state.model === 'ready' ? { key: 'model.stays', values: { reason } } : reason,
    );
    this.session.link.resume();
  }

  /** Uses this worker from now on, and ends the one before. @param {WorkerClient} client */
  #take(client) {
    this.#client?.stop();
    this.#client = client;
    this.hasProgram = false;
    const unknown = { view: null, verdict: undefined, embedding: undefined, encoded: false };
    const picture = this.state.picture && { ...this.state.picture, ...unknown };
    this.update({
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
      encodeMs: null,
      overlay: null,
    });
    this.session.series.forget();
    this.session.evaluation.forget();
    this.session.comparison.forget();
    this.session.why.forget();
    this.session.experiments.forget();
  }

  /** Opens the picture again. @param {import('../../worker/jobs.js').Answer<'start'>} started */
  async #started(started) {
    const client = this.#client;
    this.hasProgram = true;
    if (language() !== 'en') await this.session.language.learnNames();
    if (client !== this.#client) return;
    const { map, wanted, picture } = this.state;
    const known = started.palettes.some(({ name }) => name === map.palette);
    const palette = known ? map.palette : started.palettes[0].name;
    this.update({ ...started, map: { ...map, palette } });
    const again = wanted ?? picture;
    if (again) await this.session.picture.open(again.source, again.name);
  }

  /** @param {import('../../worker/jobs.js').Answer<'load'>} loaded */
  async #loaded({ device, info, weights }) {
    const client = this.#client;
    const ranked = await this.session.population.restore(info);
    if (client !== this.#client) return;
    this.update({ model: 'ready', device, info: ranked, weights: weightsInWords(weights) });
    if (remoteFolder(this.#ignored)) this.session.remote.offer(this.#ignored);
    else if (this.#ignored) this.session.notices.refuse({ key: 'model.ignored' }, { key: 'model.ignoredText' });
    this.#ignored = '';
    await this.session.link.begin(info);
    this.session.scoring.run();
  }

  /** Gives up the model that the address asks for. */
  useOwn() {
    const address = new URL(location.href);
    address.searchParams.delete('model');
    const fragment = new URLSearchParams(address.hash.slice(1));
    fragment.delete('model');
    address.hash = String(fragment);
    history.replaceState(null, '', address);
    this.update({ folder: ownFolder() });
    this.start();
  }

  /** After everything was forgotten: nothing is loaded until a person asks for it. */
  stayEmpty() {
    stopKeeping();
    this.update({ model: 'empty', tour: -1 });
  }

  /** @param {import('../../core/state.js').Preference} preference */
  setPreference(preference) {
    writePreference(preference);
    this.#without = undefined;
    this.update({ preference });
    this.start();
  }

  /** The model, or its device, can no longer be used. It restarts by itself where that may help. @param {unknown} error */
  failed(error) {
    const known = codedFrom(error);
    const { code, message, jobs = [] } = known;
    if (code === 'stopped') return;
    const { device, wanted } = this.state;
    const crash = code === 'crash';
    const lost = device?.kind === 'webgpu' && (crash || code === 'device');
    const report = crash || lost ? reportOf(known, this.state) : undefined;
    if (lost || (crash && !this.#restarted)) {
      if (lost) this.#without = { key: 'why.lost', values: { message } };
      else this.#restarted = true;
      this.start();
      const title = { key: lost ? 'failure.lost' : 'failure.restarted' };
      this.session.notices.refuse(title, { key: 'failure.kept', values: { message } }, report);
      return;
    }
    const refused = crash && jobs.includes('decode') ? wanted : null; // not opened again: the picture before comes back
    const failure = failureOf(known, this.state, { crash, refused, report });
    this.update({ model: 'failed', tour: -1, work: '', failure, notice: null, wanted: refused ? null : wanted });
  }

  /** @param {WorkerClient} client @param {import('../../core/errors.js').CrashError} error */
  #crashed(client, error) {
    if (client !== this.#client) return;
    this.hasProgram = false;
    this.failed(error);
  }
}
