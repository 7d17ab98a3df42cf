/**
 * CARZero for other pages: zero-shot classification of chest radiographs, in the browser.
 * For research and teaching, not for diagnosis. The element is in viewer.js.
 */
export { CodedError as CarzeroError } from '../core/errors.js';
export { CarzeroModel } from './model.js';
export { pipeline } from './pipeline.js';
