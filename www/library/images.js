/** Images as a page has them, and as the program reads them: the bytes of a file. */
import { CodedError } from '../core/errors.js';
import { get } from '../worker/download.js';

/**
 * An image: the address of a file, relative to the page; a file's content (DICOM, PNG, JPEG, JPEG 2000, WebP, TIFF); pixels;
 * or the name of one of the model's synthetic examples, such as `{ example: 'effusion' }`. An `<img>` stands for its address.
 *
 * @typedef {string | URL | Blob | ImageData | HTMLCanvasElement | OffscreenCanvas | HTMLImageElement | {example: string}} ImageSource
 */

/** @param {Pick<OffscreenCanvas, 'width' | 'height'> & CanvasImageSource} canvas @returns {Promise<Blob>} A PNG file, without loss */
async function fileFromCanvas(canvas) {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  copy.getContext('2d')?.drawImage(canvas, 0, 0);
  return copy.convertToBlob({ type: 'image/png' }).catch((cause) => {
    throw new CodedError('bad-image', 'The canvas holds no pixels that may be read.', { cause });
  });
}

/** @param {ImageData} pixels */
function canvasFromPixels(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return canvas;
}

/** @param {string | URL} address */
async function fileFromAddress(address) {
  if (!address || !URL.canParse(address, document.baseURI))
    throw new CodedError('bad-image', `There is no image at “${address}”.`);
  return (await get(new URL(address, document.baseURI).href)).blob();
}

/** @param {Exclude<ImageSource, {example: string}>} image @returns {Promise<Blob>} */
export async function fileFromImage(image) {
  if (typeof image === 'string' || image instanceof URL) return fileFromAddress(image);
  if (image instanceof Blob) return image;
  if (image instanceof HTMLImageElement) return fileFromAddress(image.currentSrc || image.src);
  if (image instanceof ImageData) return fileFromCanvas(canvasFromPixels(image));
  if (image instanceof HTMLCanvasElement || image instanceof OffscreenCanvas) return fileFromCanvas(image);
  throw new CodedError('bad-image', 'An image is an address, a Blob, ImageData, a canvas, an <img> or an example.');
}
