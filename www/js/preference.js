/** The one thing the page remembers: on which device to run. Storage may be forbidden. */

const KEY = 'carzero-device';
export const DEVICES = /** @type {const} */ (['auto', 'webgpu', 'cpu']);

/** @returns {'auto' | 'webgpu' | 'cpu'} */
export function readPreference() {
  try {
    return DEVICES.find((device) => device === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

/** @param {string} device */
export function writePreference(device) {
  try {
    localStorage.setItem(KEY, device);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}
