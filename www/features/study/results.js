/** Result files: read, and put together. */
import { CodedError } from '../../core/errors.js';
import { RESULT, isScoredAlike } from '../../core/study.js';

/** @typedef {import('../../core/study.js').Result} Result */

/** @param {unknown} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Steps of confidence, by finding. @param {unknown} value */
const areSteps = (value) =>
  isObject(value) && Object.values(value).every((step) => Number.isInteger(step) && step >= 1 && step <= 5);

/** @param {unknown} value */
const isReading = (value) =>
  isObject(value) &&
  Number.isInteger(value.case) &&
  typeof value.aided === 'boolean' &&
  Number.isFinite(value.seconds) &&
  areSteps(value.confidence) &&
  isObject(value.marks) &&
  Object.values(value.marks).every((mark) => isObject(mark) && typeof mark.hit === 'boolean');

/** @param {unknown} value */
const isCase = (value) =>
  isObject(value) && Number.isInteger(value.case) && [value.truth, value.placed, value.model].every(isObject);

/** @param {unknown} value */
const isStudy = (value) =>
  isObject(value) &&
  typeof value.digest === 'string' &&
  ['presentFrom', 'modelPresentFrom', 'seed'].every((name) => Number.isFinite(value[name])) &&
  Array.isArray(value.findings) &&
  value.findings.length > 0 &&
  value.findings.every((name) => typeof name === 'string');

/** @param {string} code @param {Record<string, string>} [values] */
const fault = (code, values = {}) => Object.assign(new CodedError(`study-${code}`, code), { values });

/** Reads a result file; throws where it is none. @param {string} text @returns {Result} */
export function resultFrom(text) {
  /** @type {any} */ let told;
  try {
    told = JSON.parse(text);
  } catch {
    throw fault('format');
  }
  const whole =
    isObject(told) &&
    told.format === RESULT &&
    typeof told.reader === 'string' &&
    (told.model === null || isObject(told.model)) &&
    isStudy(told.study) &&
    Array.isArray(told.cases) &&
    told.cases.every(isCase) &&
    Array.isArray(told.readings) &&
    told.readings.every(isReading);
  if (!whole) throw fault('format');
  return /** @type {Result} */ (told);
}

/** One more reader of the same study; throws where it is another study. @param {readonly Result[]} results @param {Result} result @param {boolean} own Whether it is this page's: it then replaces results of the same reader, or of another study @returns {Result[]} */
export function addedTo(results, result, own) {
  const same = results.filter(({ study }) => study.digest === result.study.digest);
  const others = same.filter(({ reader }) => reader !== result.reader);
  if (own) return [result, ...others.filter((each) => isScoredAlike(each, result))];
  if (same.length < results.length) throw fault('other', { reader: result.reader });
  if (!same.every((each) => isScoredAlike(each, result))) throw fault('model', { reader: result.reader });
  if (others.length < same.length) throw fault('reader', { reader: result.reader });
  return [...results, result];
}
