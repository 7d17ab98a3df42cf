/** Pictures as the program decodes them, and reduced copies of them. Runs in the worker. */

/** @typedef {import('./program.js').Picture} Picture */

const VIEW_SIDE = 224; // pixels along a side of a reduced view of what the model sees

/**
 * @param {import('./program.js').Exports} wasm @param {import('../core/state.js').Source} source @param {number} size Pixels along a side of a synthetic picture
 * @returns {Promise<Picture>}
 */
export async function decodePicture(wasm, source, size) {
  if ('phantom' in source) return wasm.Picture.phantom(source.phantom, size);
  const picture = wasm.Picture.decode(new Uint8Array(await source.file.arrayBuffer()));
  if (!source.negative) return picture;
  const negative = picture.negative();
  picture.free();
  return negative;
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

/** A thumbnail of the means of blocks, so that small structures still show. @param {Picture} picture @param {number} side Pixels of the longer side @returns {import('../core/table.js').Thumbnail} */
export function thumbnailOf(picture, side) {
  const { width: columns, height: rows } = picture;
  const grey = picture.grey();
  const step = Math.max(1, Math.max(columns, rows) / side);
  const [width, height] = [columns, rows].map((size) => Math.max(1, Math.round(size / step)));
  const means = new Uint8ClampedArray(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const [top, bottom] = [y, y + 1].map((at) => Math.floor((at * rows) / height));
    for (let x = 0; x < width; x++, i++) {
      const [left, right] = [x, x + 1].map((at) => Math.floor((at * columns) / width));
      let sum = 0;
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) sum += grey[row * columns + column];
      means[i] = sum / ((bottom - top) * (right - left));
    }
  }
  return { width, height, grey: means };
}
