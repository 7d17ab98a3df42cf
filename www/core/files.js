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
    // `readEntries` gives a hundred at most
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

/** The files of a drop, folders included. Must be called during the event, as the transfer is empty afterwards. @param {DataTransfer | null} transfer @returns {Promise<Named[]>} */
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

/** @param {Iterable<File> | null} list @returns {Named[]} */
export const filesFromList = (list) =>
  [...(list ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

const isDirectory = (/** @type {string} */ name) => /(^|\/)DICOMDIR$/i.test(name);
/** Files that operating systems put into folders by themselves. */
const SYSTEM =
  /(^|\/)(\.|(Thumbs\.db|ehthumbs\w*\.db|desktop\.ini)$|(__MACOSX|@eaDir|\$RECYCLE\.BIN|System Volume Information)\/)/i;
const isHidden = (/** @type {string} */ name) => SYSTEM.test(name) || isDirectory(name);

/** Signatures of pictures' files, each at its offset in bytes: PNG, JPEG, WebP, TIFF, JPEG 2000, HEIF, DICOM. @type {[at: number, text: string][]} */
const BEGINNINGS = [
  [0, '\x89PNG'],
  [0, '\xff\xd8\xff'],
  [0, 'RIFF'],
  [0, 'II*\0'],
  [0, 'II+\0'],
  [0, 'MM\0*'],
  [0, 'MM\0+'],
  [0, '\xff\x4f\xff\x51'],
  [4, 'jP  '],
  [4, 'ftyp'],
  [0, 'DICM'],
  [128, 'DICM'],
];
const BEGINNING = 132; // bytes

/** Whether a picture's file may begin with these bytes. A DICOM file without the prefix "DICM" begins with an element of a low group, in either byte order. @param {string} bytes One character for each byte */
function beginsAsPicture(bytes) {
  const group = (/** @type {number} */ at) => {
    const [one, two] = [bytes.charCodeAt(at), bytes.charCodeAt(at + 1)];
    return Math.min(one, two) === 0 && Math.max(one, two) > 0 && Math.max(one, two) <= 0x28;
  };
  return BEGINNINGS.some(([at, text]) => bytes.startsWith(text, at)) || group(0) || group(128);
}

/** Chosen by itself, not with a folder. @param {Named} named */
const isLoose = ({ name }) => !name.includes('/');

/** Whether a file may be an image. In a folder one that is declared as another type is none; without a type, or chosen by itself, its extension and first bytes decide. @param {Named} named */
async function mayBeImage({ file, name }) {
  if (file.type.startsWith('image/') || file.type === 'application/dicom') return true;
  if (file.type && !isLoose({ file, name })) return false;
  if (/\.(dcm|dicom|ima)$/i.test(name)) return true;
  const first = await file
    .slice(0, BEGINNING)
    .arrayBuffer()
    .catch(() => new ArrayBuffer(0));
  return beginsAsPicture(String.fromCharCode(...new Uint8Array(first)));
}

/** Tables of labels, by their extension. */
const TABLE = /\.(csv|tsv)(\.gz)?$/i;

/** @param {string} name */
const kindOf = (name) => name.match(/\.([\w-]{1,5})$/)?.[1].toUpperCase() ?? '';

/** The images that discs' tables of contents list, by name in lower case; null if no such table lists any of these files. @param {Named[]} files */
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
 * @typedef {Readonly<Record<string, number>>} Left Numbers of files that are no images, by extension or ''
 * @param {Named[]} files
 * @returns {Promise<{images: Named[], tables: Named[], left: Left}>} The images in the order of their names, which leave out the folder that all share
 */
export async function sortOut(files) {
  const visible = files.filter(({ name }) => !isHidden(name));
  const tables = visible.filter(({ name }) => TABLE.test(name));
  const shown = visible.filter((named) => !tables.includes(named));
  const names = await listed(files);
  const parts = await Promise.all(
    shown.map(async (named) => ({
      named,
      isImage: names ? names.has(named.name.toLowerCase()) : await mayBeImage(named),
    })),
  );
  const hasImage = parts.some(({ isImage }) => isImage);
  const isTried = (/** @type {typeof parts[number]} */ { named, isImage }) => isImage || (!hasImage && isLoose(named)); // without an image the others are tried, for their errors
  const [found, others] = [true, false].map((wanted) =>
    parts.filter((part) => isTried(part) === wanted).map(({ named }) => named),
  );
  const left = others.reduce((counts, { name }) => count(counts, kindOf(name)), /** @type {Left} */ ({}));
  const images = found.sort((one, two) => compareNames(one.name, two.name));
  const top = images[0]?.name.match(/^[^/]+\//)?.[0];
  const shared = top && images.every(({ name }) => name.startsWith(top)) ? top.length : 0;
  return { images: images.map(({ file, name }) => ({ file, name: name.slice(shared) })), tables, left };
}

/** The counts with one more of a kind. @param {Left} left @param {string} kind @returns {Left} */
export const count = (left, kind) => ({ ...left, [kind]: (left[kind] ?? 0) + 1 });
