/** What the page remembers: on which device to run, and whether single keys work the viewer. Storage may be forbidden. */

const DEVICE = 'carzero-device';
const KEYS = 'carzero-keys';
export const DEVICES = /** @type {const} */ (['auto', 'webgpu', 'cpu']);

/** @param {string} name @returns {string | null} */
function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
function write(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** @returns {'auto' | 'webgpu' | 'cpu'} */
export const readPreference = () => DEVICES.find((device) => device === read(DEVICE)) ?? 'auto';

/** @param {string} device */
export const writePreference = (device) => write(DEVICE, device);

export const readKeys = () => read(KEYS) !== 'off';

/** @param {boolean} on */
export const writeKeys = (on) => write(KEYS, on ? 'on' : 'off');
