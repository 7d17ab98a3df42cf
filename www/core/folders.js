/**
 * Where a model comes from: a folder beside the page, or files.
 *
 * @typedef {{kind: 'site', name: string, url: string}} SiteFolder
 * @typedef {{kind: 'disk', name: string, files: Map<string, File>, where?: 'page' | 'browser', host?: string}} DiskFolder
 * @typedef {SiteFolder | DiskFolder} Folder
 *   `url` ends in a slash; `files` are named as the manifest names them; without `where` they lie on this device, else
 *   only in this page (`page`: made of a checkpoint, or fetched from `host`), or are kept in this browser (`browser`)
 */

export const DEFAULT_MODEL = 'models/default';
const NAME_MAX = 200;
/** No scheme, no host, no '..', nothing encoded. */
const NAME = /^[\w~-][\w.~-]*(\/[\w~-][\w.~-]*)*\/?$/;

/** A folder beside the page, or null where the name is none. @param {string} name @param {string} [base] @returns {SiteFolder | null} */
export function siteFolder(name, base = document.baseURI) {
  if (name.length > NAME_MAX || !NAME.test(name)) return null;
  const plain = name.replace(/\/$/, '');
  return { kind: 'site', name: plain, url: new URL(`${plain}/`, new URL('./', base)).href };
}

/** The folder of the page's own model. @returns {SiteFolder} */
export const ownFolder = () => ({
  kind: 'site',
  name: DEFAULT_MODEL,
  url: new URL(`${DEFAULT_MODEL}/`, new URL('./', document.baseURI)).href,
});

/** A model among files that were dropped or chosen, or null. @param {import('./files.js').Named[]} files @returns {DiskFolder | null} */
export function diskFolder(files) {
  const names = new Set(files.map(({ name }) => name));
  const base = [...names]
    .filter((name) => /(^|\/)manifest\.json$/.test(name))
    .map((name) => name.slice(0, -'manifest.json'.length))
    .filter((folder) => names.has(`${folder}config.json`))
    .sort((one, two) => one.length - two.length)
    .at(0);
  if (base === undefined) return null;
  const inside = files
    .filter(({ name }) => name.startsWith(base))
    .map(({ name, file }) => /** @type {const} */ ([name.slice(base.length), file]));
  return { kind: 'disk', name: base.split('/').at(-2) ?? 'model', files: new Map(inside) };
}

/** Bytes that a manifest may have. */
export const MANIFEST_MAX = 4e6;

/** The size of a folder's files in bytes. @param {Pick<DiskFolder, 'files'>} folder */
export const bytesOf = ({ files }) => [...files.values()].reduce((sum, { size }) => sum + size, 0);

/** The folder that the address asks for: a link in its fragment, or else `?model=`. @param {{search: string, hash: string}} address @returns {Folder} */
export function folderOfAddress({ search, hash }) {
  const linked = new URLSearchParams(hash.slice(1)).get('model') ?? '';
  const asked = new URLSearchParams(search).get('model') ?? '';
  return siteFolder(linked) ?? siteFolder(asked) ?? ownFolder();
}
