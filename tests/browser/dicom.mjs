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

/** An element of explicit VR, little endian. @param {Element} element */
function encode([group, number, vr, value]) {
  let bytes = typeof value === 'number' ? Buffer.from([value & 255, value >> 8]) : Buffer.from(value);
  if (bytes.length % 2) bytes = Buffer.concat([bytes, Buffer.from(' ')]);
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
 * @param {{view: string, bodyPart?: string, modality?: string, sex?: string, age?: string, secret: string}} facts
 */
export function dicom({ view, bodyPart = 'CHEST', modality = 'DX', sex = '', age = '', secret }) {
  const ramp = Buffer.alloc(2 * SIDE * SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) ramp.writeUInt16LE((i % SIDE) * 16, 2 * i);
  /** @type {Element[]} */
  const elements = [
    ...IDENTIFYING.map((tag) => /** @type {Element} */ ([...tag, secret])),
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
