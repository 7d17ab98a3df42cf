/** Models that this browser keeps, in its private files (OPFS): a folder each, with the manifest written last. */
import { downloadZip } from 'client-zip';
import { Actions } from '../../core/actions.js';
import { digestOfText } from '../../core/digest.js';
import { codedFrom } from '../../core/errors.js';
import { bytesOf } from '../../core/folders.js';
import { save } from '../../core/written.js';

const ROOT = 'carzero-models';
const MANIFEST = 'manifest.json';
/** The date of all files, so that a model always makes the same archive: ZIP's oldest (PKWARE's APPNOTE.TXT, 4.4.6). */
const DATED = new Date(1980, 0, 1);
const DIGITS = 16; // of the manifest's SHA-256, which tell models of the same name apart

/** @typedef {import('../../core/remote.js').Kept} Kept */

/** The folder of all kept models; throws if it does not exist. @param {{create: boolean}} options */
const root = async (options) => (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, options);
const present = () => root({ create: false });

/** @param {FileSystemDirectoryHandle} folder @returns {Promise<Map<string, File>>} By the manifest's names */
async function filesIn(folder) {
  /** @type {Map<string, File>} */ const files = new Map();
  for await (const [name, handle] of folder.entries())
    if (handle instanceof FileSystemFileHandle) files.set(decodeURIComponent(name), await handle.getFile());
  return files;
}

/** @returns {Promise<Kept[]>} In the order of their names, without any that was not written to the end */
async function list() {
  /** @type {Kept[]} */ const kept = [];
  for await (const [key, folder] of (await present()).entries()) {
    if (!(folder instanceof FileSystemDirectoryHandle)) continue;
    const files = await filesIn(folder);
    const name = decodeURIComponent(key.slice(DIGITS + 1));
    if (files.has(MANIFEST)) kept.push({ key, name, bytes: bytesOf({ files }) });
  }
  return kept.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {FileSystemDirectoryHandle} folder @param {string} path @param {File} file */
async function write(folder, path, file) {
  const handle = await folder.getFileHandle(encodeURIComponent(path), { create: true });
  const writable = await handle.createWritable();
  await writable.write(file);
  await writable.close();
}

export class KeptActions extends Actions {
  /** @param {Partial<import('../../core/state.js').State['kept']>} change */
  #set(change) {
    this.update({ kept: { ...this.state.kept, ...change } });
  }

  /** Looks up which models are kept. */
  async look() {
    this.#set({ models: await list().catch(() => []) }); // nothing is kept without the folder, or without private files
  }

  /** Keeps the model in use, which is in this page alone. */
  async keep() {
    const { folder } = this.state;
    if (folder.kind !== 'disk' || folder.where !== 'page') return;
    const { name, files } = folder;
    const manifest = files.get(MANIFEST);
    if (!manifest) return;
    this.#set({ busy: true });
    const digest = await digestOfText(await manifest.text());
    const key = `${digest.slice(0, DIGITS)}-${encodeURIComponent(name)}`;
    try {
      await navigator.storage.persist(); // else a browser may clear it when room is short
      const kept = await (await root({ create: true })).getDirectoryHandle(key, { create: true });
      for (const [path, file] of files) if (path !== MANIFEST) await write(kept, path, file);
      await write(kept, MANIFEST, manifest);
      if (this.state.folder === folder) this.update({ folder: { ...folder, where: 'browser' } });
    } catch (error) {
      await this.#delete(key);
      const full = error instanceof Error && error.name === 'QuotaExceededError';
      const reason = full ? { key: 'weights.full' } : codedFrom(error).message;
      this.session.notices.refuse(
        { key: 'kept.failed', values: { name } },
        { key: 'kept.failedText', values: { reason } },
      );
    }
    this.#set({ busy: false });
    await this.look();
  }

  /** Takes a kept model into use. @param {Kept} kept */
  async use({ key, name }) {
    const files = await filesIn(await (await present()).getDirectoryHandle(key));
    await this.session.model.choose({ kind: 'disk', name, files, where: 'browser' });
  }

  /** Deletes a kept model; if it is in use, it stays in use in this page. @param {Kept} kept */
  async remove({ key }) {
    await this.#delete(key);
    await this.look();
  }

  /** @param {string} key */
  async #delete(key) {
    const models = await present().catch(() => null);
    await models?.removeEntry(key, { recursive: true }).catch(() => {}); // it may not be there
  }

  /** Saves the model in use as a folder in a zip archive. */
  async save() {
    const { folder } = this.state;
    if (folder.kind !== 'disk') return;
    const { name, files } = folder;
    const entries = [...files].map(([path, input]) => ({ name: `${name}/${path}`, input, lastModified: DATED }));
    save(await downloadZip(entries).blob(), `${name}.zip`);
  }
}
