/** What the page remembers: the device to run on, whether single keys work the viewer, the language, the tour, a reference population. Storage may be forbidden. */

const DEVICE = 'carzero-device';
const KEYS = 'carzero-keys';
const LANGUAGE = 'carzero-language';
const POPULATION = 'carzero-population';
const TOUR = 'carzero-tour';
export const DEVICES = /** @type {const} */ (['auto', 'webgpu', 'cpu']);

/** @param {string} name @returns {string | null} */
export function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

let keeping = true;

/** Nothing more is remembered: the person has just asked for everything to be forgotten. */
export function stopKeeping() {
  keeping = false;
}

/** @param {string} name @param {string} value */
export function write(name, value) {
  try {
    if (keeping) localStorage.setItem(name, value);
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

export const readLanguage = () => read(LANGUAGE);

/** @param {string} language */
export const writeLanguage = (language) => write(LANGUAGE, language);

/** Images of one's own to rank among, as they are saved: percentiles by sentence; '' for the model's. */
export const readPopulation = () => read(POPULATION) ?? '';

/** @param {string} file */
export const writePopulation = (file) => write(POPULATION, file);

/** Whether the tour was taken or declined. */
export const readToured = () => read(TOUR) === 'seen';

export const writeToured = () => write(TOUR, 'seen');
