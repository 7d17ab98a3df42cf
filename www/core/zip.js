/**
 * A zip archive of files as they are, uncompressed (PKWARE's APPNOTE.TXT, 4.3): its bytes are the files', which stay where they are.
 * For up to 4 GB.
 */

/** Bytes that are read at a time. */
const BLOCK = 4 << 20;

/** CRC-32 of each byte (polynomial 0xEDB88320). */
const CRCS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** @param {Blob} file */
async function crcOf(file) {
  let crc = 0xffffffff;
  for (let at = 0; at < file.size; at += BLOCK)
    for (const byte of new Uint8Array(await file.slice(at, at + BLOCK).arrayBuffer()))
      crc = CRCS[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Little-endian numbers, each with its bytes. @param {...[number, 2 | 4]} numbers */
function bytes(...numbers) {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [number, size] of numbers) {
    if (size === 2) view.setUint16(at, number, true);
    else view.setUint32(at, number, true);
    at += size;
  }
  return view.buffer;
}

const VERSION = 20;
const NAMES_ARE_UTF8 = 1 << 11;
const DATE = (1 << 5) | 1; // 1 January 1980, so that the same files make the same archive

/** @param {ReadonlyMap<string, Blob>} files By their names, with '/' between folders */
export async function zipOf(files) {
  /** @type {BlobPart[]} */ const parts = [];
  /** @type {BlobPart[]} */ const directory = [];
  let [at, length] = [0, 0];
  for (const [path, file] of files) {
    const name = new TextEncoder().encode(path);
    const { size } = file;
    /** @type {[number, 2 | 4][]} */
    const both = [[VERSION, 2], [NAMES_ARE_UTF8, 2], [0, 2], [0, 2], [DATE, 2], [await crcOf(file), 4], [size, 4], [size, 4], [name.length, 2], [0, 2]]; // prettier-ignore
    const header = bytes([0x04034b50, 4], ...both);
    const entry = bytes([0x02014b50, 4], [VERSION, 2], ...both, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]);
    parts.push(header, name, file);
    directory.push(entry, name);
    at += header.byteLength + name.length + size;
    length += entry.byteLength + name.length;
  }
  const end = bytes([0x06054b50, 4], [0, 2], [0, 2], [files.size, 2], [files.size, 2], [length, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}
