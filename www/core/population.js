/**
 * The images that scores are ranked among: those that the model ships, or a person's own.
 *
 * @typedef {object} Population
 * @property {boolean} open The dialog is on show
 * @property {string} file The population of one's own that is in use, as it is saved; '' for the model's
 * @property {{name: string, file: string} | null} dropped The one that was in use before
 * @property {string} name Of the one that is being measured
 * @property {readonly string[] | null} measuring The findings that the series is measured for; null where it is not
 * @property {import('./i18n.js').Message} error
 */

/** Fewer images are no population; see src/package/population.rs. */
export const LEAST_IMAGES = 50;

/** @returns {Population} */
export const initialPopulation = () => ({ open: false, file: '', dropped: null, name: '', measuring: null, error: '' });
