/**
 * Files as they are dropped or chosen, folders included.
 *
 * @typedef {{file: File, name: string}} Named `name` has the folders, with '/', if there are any
 */

import { imagesListed } from './dicomdir.js';
import { compareNames } from './table.js';

export const FILES_MAX = 5000;

/** @param {FileSystemDirectoryEntry} folder @returns {Promise<FileSystemEntry[]>} */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    // a hundred at a time
    const some = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (!some.length || all.length > FILES_MAX) return all;
    all.push(...some);
  }
}

/** @param {FileSystemEntry} entry @param {Named[]} found */
async function walk(entry, found) {
  if (found.length > FILES_MAX) return;
  if (entry.isDirectory) {
    for (const inner of await entriesOf(/** @type {FileSystemDirectoryEntry} */ (entry))) await walk(inner, found);
    return;
  }
  const file = await new Promise((resolve, reject) => {
    /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
  });
  found.push({ file, name: entry.fullPath.replace(/^\//, '') });
}

/** Must be called before the event is over. @param {DataTransfer | null} transfer @returns {Promise<Named[]>} */
export async function filesFromTransfer(transfer) {
  const items = [...(transfer?.items ?? [])].filter(({ kind }) => kind === 'file');
  const parts = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of parts) {
    if (entry?.isDirectory) await walk(entry, found);
    else if (file) found.push({ file, name: file.name });
  }
  return found;
}

/** @param {FileList | null} list @returns {Named[]} */
export const filesFromList = (list) =>
  [...(list ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

const isDirectory = (/** @type {string} */ name) => /(^|\/)DICOMDIR$/i.test(name);
const isHidden = (/** @type {string} */ name) => /(^|\/)(\.|__MACOSX\/)/.test(name) || isDirectory(name);

/** Nobody chose the files of a folder one by one: what is something else by its own word stays out. @param {Named} named */
const mayBeImage = ({ file: { type }, name }) =>
  !name.includes('/') || !type || type.startsWith('image/') || type === 'application/dicom';

/** @param {string} name */
const kindOf = (name) => name.match(/\.([\w-]{1,5})$/)?.[1].toUpperCase() ?? '';

/** The images that discs' tables of contents list, by name in lower case; null where there is none that lists any of these files. @param {Named[]} files */
async function listed(files) {
  const names = new Set();
  for (const { file, name } of files.filter((each) => isDirectory(each.name))) {
    const folder = name.slice(0, -'DICOMDIR'.length);
    for (const path of imagesListed(new Uint8Array(await file.arrayBuffer().catch(() => new ArrayBuffer(0)))) ?? [])
      names.add((folder + path).toLowerCase());
  }
  return files.some(({ name }) => names.has(name.toLowerCase())) ? names : null;
}

/**
 * Sorts out what was dropped or chosen.
 *
 * @typedef {Readonly<Record<string, number>>} Left How many files are no images, by what they are; '' is what nobody knows
 * @param {Named[]} files
 * @returns {Promise<{images: Named[], left: Left}>} The images in the order of their names, the folder that they share taken off
 */
export async function sortOut(files) {
  const shown = files.filter(({ name }) => !isHidden(name));
  const names = await listed(files);
  const isImage = (/** @type {Named} */ named) => (names ? names.has(named.name.toLowerCase()) : mayBeImage(named));
  const left = shown
    .filter((named) => !isImage(named))
    .reduce((counts, { name }) => count(counts, kindOf(name)), /** @type {Left} */ ({}));
  const images = shown.filter(isImage).sort((one, two) => compareNames(one.name, two.name));
  const top = images[0]?.name.match(/^[^/]+\//)?.[0];
  const shared = top && images.every(({ name }) => name.startsWith(top)) ? top.length : 0;
  return { images: images.map(({ file, name }) => ({ file, name: name.slice(shared) })), left };
}

/** One more of a kind. @param {Left} left @param {string} kind @returns {Left} */
export const count = (left, kind) => ({ ...left, [kind]: (left[kind] ?? 0) + 1 });
