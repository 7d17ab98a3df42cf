/**
 * Files as they are dropped or chosen, folders included.
 *
 * @typedef {{file: File, name: string}} Named `name` has the folders, with '/', if there are any
 */

import { compareNames } from './table.js';

export const FILES_MAX = 5000;

/** @param {FileSystemDirectoryEntry} folder @returns {Promise<FileSystemEntry[]>} */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) { // a hundred at a time
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
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
  const file = await new Promise((resolve, reject) => { /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject); });
  found.push({ file, name: entry.fullPath.replace(/^\//, '') });
}

/** Must be called before the event is over. @param {DataTransfer | null} transfer @returns {Promise<Named[]>} */
export async function filesFromTransfer(transfer) {
  const items = [...transfer?.items ?? []].filter(({ kind }) => kind === 'file');
  const parts = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = [];
  for (const { entry, file } of parts) {
    if (entry?.isDirectory) await walk(entry, found);
    else if (file) found.push({ file, name: file.name });
  }
  return found;
}

/** @param {FileList} list @returns {Named[]} */
export const filesFromList = (list) => [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

/** Nobody chose the files of a folder one by one: what is hidden, a disc's table of contents or something else by its own word stays out. @param {Named} named */
function mayBeImage({ file: { type }, name }) {
  if (!name.includes('/')) return true;
  return !/(^|\/)(\.|DICOMDIR$)/i.test(name) && (!type || type.startsWith('image/') || type === 'application/dicom');
}

/** @param {Named[]} files @returns {Named[]} In the order of their names, the folder that they share taken off */
export function imagesOf(files) {
  const images = files.filter(mayBeImage).sort((one, two) => compareNames(one.name, two.name));
  const top = images[0]?.name.match(/^[^/]+\//)?.[0];
  return top && images.every(({ name }) => name.startsWith(top)) ? images.map(({ file, name }) => ({ file, name: name.slice(top.length) })) : images;
}
