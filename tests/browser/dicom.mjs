/** A small DICOM file, written by the tests. */

const SIDE = 256;
/** @typedef {[group: number, number: number, vr: string, value: Buffer | string | number]} Element */

/** @type {[number, number, string][]} */
const IDENTIFYING = [
  [0x0008, 0x0080, 'LO'],
  [0x0010, 0x0010, 'PN'],
  [0x0010, 0x0020, 'LO'],
  [0x0020, 0x000d, 'UI'],
  [0x0020, 0x4000, 'LT'],
];

/** @type {[number, number, 'class' | 'instance' | 'study' | 'series'][]} */
const UIDS = [
  [0x0008, 0x0016, 'class'],
  [0x0008, 0x0018, 'instance'],
  [0x0020, 0x000d, 'study'],
  [0x0020, 0x000e, 'series'],
];

/** An element of explicit VR, little endian. @param {Element} element */
function encode([group, number, vr, value]) {
  let bytes = typeof value === 'number' ? Buffer.from([value & 255, value >> 8]) : Buffer.from(value);
  if (bytes.length % 2) bytes = Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const long = vr === 'OW';
  const header = Buffer.alloc(long ? 12 : 8);
  header.writeUInt16LE(group, 0);
  header.writeUInt16LE(number, 2);
  header.write(vr, 4, 'latin1');
  if (long) header.writeUInt32LE(bytes.length, 8);
  else header.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([header, bytes]);
}

/**
 * A 12-bit ramp from left to right, 256 by 256 pixels, in a file whose identifying tags all say `secret`.
 *
 * @param {{view: string, bodyPart?: string, modality?: string, sex?: string, age?: string, secret: string, uids?: {class: string, instance: string, study: string, series: string}}} facts `uids`: the file's identifiers
 */
export function dicom({ view, bodyPart = 'CHEST', modality = 'DX', sex = '', age = '', secret, uids }) {
  const ramp = Buffer.alloc(2 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) ramp.writeUInt16LE((i % SIDE) * 16, 2 * i);
  /** @type {Element[]} */
  const elements = [
    ...IDENTIFYING.map((tag) => /** @type {Element} */ ([...tag, secret])).filter(([, , vr]) => vr !== 'UI' || !uids),
    ...(uids ? UIDS.map(([group, number, name]) => /** @type {Element} */ ([group, number, 'UI', uids[name]])) : []),
    [0x0008, 0x0060, 'CS', modality],
    [0x0010, 0x0040, 'CS', sex],
    [0x0010, 0x1010, 'AS', age],
    [0x0018, 0x0015, 'CS', bodyPart],
    [0x0018, 0x5101, 'CS', view],
    [0x0028, 0x0002, 'US', 1],
    [0x0028, 0x0004, 'CS', 'MONOCHROME2'],
    [0x0028, 0x0010, 'US', SIDE],
    [0x0028, 0x0011, 'US', SIDE],
    [0x0028, 0x0030, 'DS', '0.2\\0.2'],
    [0x0028, 0x0100, 'US', 16],
    [0x0028, 0x0101, 'US', 12],
    [0x0028, 0x0102, 'US', 11],
    [0x0028, 0x0103, 'US', 0],
    [0x0028, 0x1050, 'DS', '2048'],
    [0x0028, 0x1051, 'DS', '4096'],
    [0x7fe0, 0x0010, 'OW', ramp],
  ];
  elements.sort(([a, b], [c, d]) => a - c || b - d);
  const meta = encode([0x0002, 0x0010, 'UI', '1.2.840.10008.1.2.1\0']);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, ...elements.map(encode)]);
}

const LONG = ['OB', 'OW', 'SQ', 'UN', 'UT'];
const END = 0xffffffff;

/**
 * The elements of a file of explicit VR, little endian, in their order: "0040,A730[0]/0040,A160 UT", the places of items in
 * sequences first, and the value.
 *
 * @param {Buffer} file
 * @returns {[string, Buffer][]}
 */
export function elementsOf(file) {
  /** @type {[string, Buffer][]} */ const elements = [];
  let at = 132;
  const tagAt = () =>
    [file.readUInt16LE(at), file.readUInt16LE(at + 2)].map((part) => part.toString(16).padStart(4, '0')).join(',');

  /** @param {string} path @param {number} end Where to stop, unless an item's delimiter comes first */
  function read(path, end) {
    while (at < end) {
      const tag = tagAt();
      if (tag === 'fffe,e00d') {
        at += 8;
        return;
      }
      const vr = file.toString('latin1', at + 4, at + 6);
      const long = LONG.includes(vr);
      const length = long ? file.readUInt32LE(at + 8) : file.readUInt16LE(at + 6);
      at += long ? 12 : 8;
      if (vr === 'SQ') readItems(`${path}${tag}`, length === END ? file.length : at + length);
      else {
        elements.push([`${path}${tag} ${vr}`, file.subarray(at, at + length)]);
        at += length;
      }
    }
  }

  /** @param {string} path @param {number} end */
  function readItems(path, end) {
    for (let item = 0; at < end; item++) {
      const [tag, length] = [tagAt(), file.readUInt32LE(at + 4)];
      at += 8;
      if (tag === 'fffe,e0dd') return;
      read(`${path}[${item}]/`, length === END ? file.length : at + length);
    }
  }
  read('', file.length);
  return elements;
}
