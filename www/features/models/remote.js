/** A model at another site: fetched when a person says so, and then used like one on this device. */
import { Actions } from '../../core/actions.js';
import { CodedError, codedFrom } from '../../core/errors.js';
import { MANIFEST_MAX, siteFolder } from '../../core/folders.js';
import { programMessage } from '../../core/i18n.js';
import { request } from '../../core/outside.js';
import { initialRemote, remoteFolder } from '../../core/remote.js';

/** @typedef {import('../../core/remote.js').Remote} Remote */

/** @param {string} code @param {Record<string, string | number>} values */
const refusal = (code, values) =>
  Object.assign(new CodedError(code, `${code}: ${Object.values(values).join(', ')}`), { values });

/** The files that a manifest names; the program checks all else of it. @param {string} text @param {URL} folder @returns {{path: string, url: string, bytes: number, sha256: string}[]} */
function filesOf(text, folder) {
  try {
    /** @type {{files: {path: string, bytes: number, sha256: string}[]}} */ const { files } = JSON.parse(text);
    return files.map(({ path, bytes, sha256 }) => {
      const { href } = new URL(path, folder);
      if (!href.startsWith(folder.href) || !(bytes >= 0)) throw new Error(path);
      return { path, url: href, bytes, sha256 };
    });
  } catch {
    throw refusal('no-model', { host: folder.host });
  }
}

export class RemoteActions extends Actions {
  /** @type {AbortController | null} */ #running = null;
  /** Files that have arrived, by SHA-256: a second attempt resumes from there. @type {Map<string, Blob>} */ #come =
    new Map();

  /** @param {Partial<Remote>} change */
  #set(change) {
    this.update({ remote: { ...this.state.remote, ...change } });
  }

  /** @param {string} url */
  type(url) {
    this.#set({ url, error: '' });
  }

  /** Offers a model that the page's address asks for. Only a person can have it fetched. @param {string} url */
  offer(url) {
    this.#set({ url, asked: true });
  }

  /** Fetches the model. A failure is told, and changes nothing else. */
  async fetch() {
    const { url, running } = this.state.remote;
    const folder = remoteFolder(url);
    if (!folder || running) return;
    const page = new URL('./', document.baseURI).href;
    const beside = folder.href.startsWith(page) ? siteFolder(folder.href.slice(page.length)) : null;
    if (beside) {
      this.update({ remote: initialRemote() });
      return this.session.model.choose(beside);
    }
    const current = new AbortController();
    this.#running = current;
    this.#set({ running: true, progress: null, error: '' });
    try {
      const files = await this.#fetchAll(folder, current.signal);
      this.#come.clear();
      this.update({ remote: initialRemote() });
      const name = folder.pathname.split('/').at(-2) || folder.host;
      await this.session.model.choose({ kind: 'disk', name, files, where: 'page', host: folder.host });
    } catch (error) {
      if (current.signal.aborted) return;
      this.#set({ running: false, progress: null, error: programMessage(codedFrom(error)) });
    }
  }

  /** @param {URL} folder @param {AbortSignal} signal @returns {Promise<Map<string, File>>} By the manifest's names */
  async #fetchAll(folder, signal) {
    const manifest = await this.#get(new URL('manifest.json', folder), MANIFEST_MAX, signal);
    const files = filesOf(await manifest.text(), folder);
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    let done = 0;
    const named = new Map([['manifest.json', new File([manifest], 'manifest.json')]]);
    for (const { path, url, bytes, sha256 } of files) {
      const tell = (/** @type {number} */ received) => this.#set({ progress: { received: done + received, total } });
      tell(0);
      const body = this.#come.get(sha256) ?? (await this.#get(new URL(url), bytes, signal, tell));
      this.#come.set(sha256, body);
      named.set(path, new File([body], path));
      done += bytes;
    }
    return named;
  }

  /** @param {URL} url @param {number} most @param {AbortSignal} signal @param {(received: number) => void} [tell] */
  async #get({ href, host, pathname }, most, signal, tell) {
    const answer = await request({ url: href, method: 'GET', redirect: 'follow', most }, signal, tell);
    const name = pathname.split('/').at(-1) ?? '';
    if ('failure' in answer)
      throw answer.tooLong
        ? refusal('too-long', { host, name })
        : refusal('unreached', { host, name, told: answer.failure });
    const { status, body } = answer;
    if (status !== 200) throw refusal('missing', { host, name, status });
    return body;
  }

  /** Cancels the download, and drops the files that have arrived. */
  cancel() {
    this.#running?.abort();
    this.#come.clear();
    this.update({ remote: initialRemote() });
  }
}
