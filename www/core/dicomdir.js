/** A disc's table of contents (DICOMDIR, PS3.3 annex F). Only types of records and names of files are looked at; data of patients are skipped. */

const MAX = 16e6; // bytes
/** Elements Directory Record Type and Referenced File ID, both of value representation CS. The type comes first. */
const TYPE = 0x1430;
const FILE = 0x1500;

/** The images that a table of contents lists, as paths from its own folder, or null if the bytes are none. @param {Uint8Array} bytes @returns {string[] | null} */
export function imagesListed(bytes) {
  if (bytes.length > MAX || String.fromCharCode(...bytes.subarray(128, 132)) !== 'DICM') return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = [];
  let type = '';
  for (let at = bytes.indexOf(4, 132); at >= 0 && at + 8 <= bytes.length; at = bytes.indexOf(4, at + 1)) {
    if (view.getUint16(at, true) !== 4 || view.getUint16(at + 4) !== 0x4353) continue; // group 0004, "CS"
    const element = view.getUint16(at + 2, true);
    if (element !== TYPE && element !== FILE) continue;
    const value = bytes.subarray(at + 8, at + 8 + view.getUint16(at + 6, true));
    const text = String.fromCharCode(...value).replace(/[\0 ]+$/, '');
    if (element === TYPE) type = text;
    else if (type === 'IMAGE')
      found.push(
        text
          .split('\\')
          .map((part) => part.trim())
          .join('/'),
      );
  }
  return found;
}
