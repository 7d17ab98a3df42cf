/** The page's words: English and Japanese, live to switch. Strings are in i18n/en.js and i18n/ja.js. */
import en from '../i18n/en.js';
import ja from '../i18n/ja.js';
import { readLanguage, writeLanguage } from './preference.js';

/** @typedef {'en' | 'ja'} Language */
const STRINGS = { en, ja };
export const LANGUAGES = /** @type {Language[]} */ (Object.keys(STRINGS));
/** Attributes that may hold words: `data-i18n-title` is the key of `title`. */
const ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'content'];

const preferred = () => (globalThis.navigator?.languages ?? []).map((name) => name.slice(0, 2)).find((name) => Object.hasOwn(STRINGS, name)) ?? 'en';
/** @type {Language} */ let current = LANGUAGES.find((name) => name === readLanguage()) ?? /** @type {Language} */ (preferred());

export const language = () => current;

/** @param {string} key @param {Record<string, string | number>} [values] For `{name}` in the string; numbers as the language writes them. */
export function t(key, values = {}) {
  const string = STRINGS[current][key];
  if (string === undefined) throw new Error(`no string "${key}"`);
  return string.replace(/\{(\w+)\}/g, (_all, name) => (typeof values[name] === 'number' ? number(values[name]) : values[name]));
}

/** Whether there is such a string. @param {string} key */
export const has = (key) => Object.hasOwn(STRINGS[current], key);

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => new Intl.NumberFormat(current, options).format(value);

/** @param {number} share 0..1 @param {number} [digits] */
export const percent = (share, digits = 0) => number(share, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits });

/** By number: `key.one` or `key.other`. @param {string} key @param {number} count @param {Record<string, string | number>} [values] */
export const plural = (key, count, values) => t(`${key}.${new Intl.PluralRules(current).select(count) === 'one' ? 'one' : 'other'}`, { count, ...values });

/** A finding as the page's language has it, or '' where that is the prompt's own. @param {string} finding */
export const glossOf = (finding) => (has(`finding.${finding.toLowerCase()}`) ? t(`finding.${finding.toLowerCase()}`) : '');

/** Words for an element that follow the language. @template {Element} E @param {E} element @param {string} key @param {string} [attribute] @returns {E} */
export function say(element, key, attribute) {
  element.setAttribute(attribute ? `data-i18n-${attribute}` : 'data-i18n', key);
  if (attribute) element.setAttribute(attribute, t(key));
  else element.textContent = t(key);
  return element;
}

/** Fills in all words of a part of the document. @param {ParentNode} root */
export function fill(root) {
  for (const element of root.querySelectorAll('[data-i18n]')) element.textContent = t(element.getAttribute('data-i18n'));
  for (const attribute of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[data-i18n-${attribute}]`)) element.setAttribute(attribute, t(element.getAttribute(`data-i18n-${attribute}`)));
  }
}

/** @param {Language} name */
export function setLanguage(name) {
  current = name;
  writeLanguage(name);
  showLanguage();
}

/** The document in the language. */
export function showLanguage() {
  document.documentElement.lang = current;
  fill(document);
  for (const { content } of document.querySelectorAll('template')) fill(content);
}
