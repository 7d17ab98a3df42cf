/** Pictures as the program decodes them, and reduced copies of them. Runs in workers. */

/** @typedef {import('./program.js').Picture} Picture */

const VIEW_SIDE = 224; // pixels along a side of a reduced view of what the model sees

/**
 * @param {import('./program.js').Exports} wasm @param {import('../core/state.js').Source} source @param {number} size Pixels along a side of a synthetic picture
 * @returns {Promise<Picture>}
 */
export async function decodePicture(wasm, source, size) {
  return 'phantom' in source ? wasm.Picture.phantom(source.phantom, size) : decodeFile(wasm, source);
}

/** @param {import('./program.js').Exports} wasm @param {import('./jobs.js').RowSource['source']} source @returns {Promise<Picture>} */
async function decodeFile(wasm, { file, negative }) {
  const picture = wasm.Picture.decode(new Uint8Array(await file.arrayBuffer()));
  if (!negative) return picture;
  const exchanged = picture.negative();
  picture.free();
  return exchanged;
}

/**
 * What a series needs of a picture: what the encoder sees, and what the table shows.
 *
 * @param {import('./program.js').Exports} wasm @param {import('./jobs.js').RowSource['source']} source
 * @param {{image: import('carzero').ImageConfig, side: number}} sizes Of the model, and of the longer side of its small picture
 * @returns {Promise<import('./jobs.js').RowRead>}
 */
export async function readRow(wasm, source, { image, side }) {
  const picture = await decodeFile(wasm, source);
  try {
    const { width, height, warnings, groups } = picture;
    return {
      seen: picture.seen(image),
      facts: { width, height, warnings, groups, thumbnail: picture.thumbnail(side) },
    };
  } finally {
    picture.free();
  }
}

/** @param {Picture} picture @returns {Promise<ImageBitmap>} */
export function bitmapFromPicture(picture) {
  const grey = picture.grey();
  const rgba = new Uint32Array(grey.length);
  for (let i = 0; i < grey.length; i++) rgba[i] = 0xff000000 | (grey[i] * 0x010101); // little-endian ABGR
  return createImageBitmap(new ImageData(new Uint8ClampedArray(rgba.buffer), picture.width, picture.height));
}

/** What the model sees of a picture, reduced. @param {Picture} picture @param {import('carzero').View} view @returns {Promise<ImageBitmap>} */
export async function bitmapOfView(picture, { x, y, width, height }) {
  const whole = await bitmapFromPicture(picture);
  const small = { resizeWidth: VIEW_SIDE, resizeHeight: VIEW_SIDE };
  const seen = await createImageBitmap(
    whole,
    Math.round(x),
    Math.round(y),
    Math.round(width),
    Math.round(height),
    small,
  );
  whole.close();
  return seen;
}
