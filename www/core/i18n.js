/** The page's words: English and Japanese, switched at once. Strings are in i18n/en.js and ja.js. */
import en from '../i18n/en.js';
import ja from '../i18n/ja.js';
import { MODEL_TEXTS } from '../i18n/models.js';
import { readLanguage, writeLanguage } from './preference.js';

/** @typedef {'en' | 'ja'} Language */
/** @type {Record<Language, Record<string, string>>} */ const STRINGS = { en, ja };
export const LANGUAGES = /** @type {Language[]} */ (Object.keys(STRINGS));
/** Attributes that may hold words: `data-i18n-title` is the key of `title`. */
const ATTRIBUTES = ['aria-label', 'placeholder', 'content', 'data-label'];

const preferred = () =>
  (globalThis.navigator?.languages ?? [])
    .map((name) => name.slice(0, 2))
    .find((name) => Object.hasOwn(STRINGS, name)) ?? 'en';
/** @type {Language} */ let current =
  LANGUAGES.find((name) => name === readLanguage()) ?? /** @type {Language} */ (preferred());

export const language = () => current;

/** Runs `speak` in a given language instead of the page's, and returns its result. @template T @param {Language} name @param {() => T} speak @returns {T} */
export function inLanguage(name, speak) {
  const before = current;
  try {
    current = name;
    return speak();
  } finally {
    current = before;
  }
}

/** @param {string} key @param {Record<string, string | number>} [values] For `{name}` in the string; numbers as the language writes them. */
export function t(key, values = {}) {
  const string = STRINGS[current][key];
  if (string === undefined) throw new Error(`no string "${key}"`);
  return string.replace(/\{(\w+)\}/g, (_all, /** @type {string} */ name) => {
    const value = values[name];
    return typeof value === 'number' ? number(value) : value;
  });
}

/**
 * Put into words when it is shown: a text as it is, a string's key with its values, or a synthetic example's title.
 *
 * @typedef {string | {key: string, values?: Record<string, Message | number>} | {example: string, title: string}} Message
 * @param {Message} message
 * @returns {string}
 */
export function tell(message) {
  if (typeof message === 'string') return message;
  if ('example' in message) return exampleTitle(message.example, message.title);
  const values = Object.entries(message.values ?? {}).map(([name, value]) => [
    name,
    typeof value === 'object' ? tell(value) : value,
  ]);
  return t(message.key, Object.fromEntries(values));
}

/**
 * The message that tells a person of an error.
 *
 * @typedef {string | ({code: string} & Record<string, string | number>)} Reason In English, or see `Reason` in src/error.rs
 * @param {{code?: string, message: string, values?: Record<string, any> & {reason?: Reason}}} error
 * @returns {Message}
 */
export function programMessage({ code, message, values }) {
  const { reason = '', ...others } = values ?? {};
  const share = others.share ? percent(parseFloat(others.share) / 100) : '';
  const named = code === 'damaged' && !share ? 'error.damaged.unknown' : `error.${code}`;
  const why = typeof reason === 'string' ? reason : { key: `reason.${reason.code}`, values: reason };
  return {
    key: Object.hasOwn(en, named) ? named : 'error.failed',
    values: { ...others, share, reason: why, message },
  };
}

/** What a model's config says in free text, in the page's language where that is known. @param {string} text @returns {string} */
export function modelText(text) {
  const found = current === 'en' ? undefined : MODEL_TEXTS.find(([pattern]) => pattern.test(text));
  return found ? text.replace(...found) : text;
}

/** The title of a synthetic example in the page's language. @param {string} name The example's @param {string} title As the program has it */
export const exampleTitle = (name, title) => STRINGS[current][`example.${name}`] ?? title;

/** Makes each formatter once, as that takes the browser a while. @template T @param {(language: Language, options: object | undefined) => T} make */
function remembered(make) {
  /** Formatters by language and options. @type {Map<string, T>} */ const made = new Map();
  return (/** @type {object | undefined} */ options) => {
    const key = current + JSON.stringify(options);
    const known = made.get(key) ?? make(current, options);
    made.set(key, known);
    return known;
  };
}
const numbers = remembered((name, options) => new Intl.NumberFormat(name, options));
const plurals = remembered((name, options) => new Intl.PluralRules(name, options));

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => numbers(options).format(value);

const lists = remembered((name, options) => new Intl.ListFormat(name, options));

/** "one, two, three" as the language writes it. @param {readonly string[]} items */
export const listed = (items) => lists({ type: 'conjunction', style: 'narrow' }).format(items);

/** A day, today unless told. @param {Date} [day] */
export const date = (day = new Date()) => new Intl.DateTimeFormat(current, { dateStyle: 'long' }).format(day);

/** @param {number} value @param {Intl.PluralRulesOptions} [options] */
export const pluralRule = (value, options) => plurals(options).select(value);

/** @param {number} share 0..1 @param {number} [digits] */
export const percent = (share, digits = 0) =>
  number(share, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits });

/** The string `key.one` or `key.other`, by the number. @param {string} key @param {number} count @param {Record<string, string | number>} [values] */
export const plural = (key, count, values) =>
  t(`${key}.${pluralRule(count) === 'one' ? 'one' : 'other'}`, { count, ...values });

/** Japanese names, by the finding in lower case. Prompts stay English: the model reads no other language. @type {Map<string, string>} */
let japanese = new Map();

/** Sets the Japanese names from the program's vocabulary. @param {Record<string, string>} names */
export function setFindingNames(names) {
  japanese = new Map(Object.entries(names).map(([finding, name]) => [finding.toLowerCase(), name]));
}

/** "Pleural Effusion on the left side", as the program writes a finding with its place. */
const PLACED = /^(.+?) (?:in|on|at) (?:the )?(.+)$/;

/** A finding in the page's language, or '' where that is the prompt's own. @param {string} finding */
export function glossOf(finding) {
  if (current === 'en') return '';
  const known = (/** @type {string} */ name) => japanese.get(name.toLowerCase());
  const [, what = '', where = ''] = PLACED.exec(finding) ?? [];
  const [name, place] = [known(what), known(where)];
  return known(finding) ?? (name && place ? `${place}の${name}` : '');
}

/** A finding's name to be read: in the page's language, if it has one there. @param {string} finding */
export const nameOf = (finding) => glossOf(finding) || finding;

/** Devices as they are named everywhere. */
export const KINDS = { cpu: 'CPU', webgpu: 'WebGPU' };

/** @param {import('./folders.js').Folder} folder */
export function folderInWords(folder) {
  const { kind, name } = folder;
  if (kind === 'site') return t('model.beside', { name });
  if (folder.where === 'browser') return t('model.inBrowser', { name });
  return folder.host ? t('model.fromHost', { name, host: folder.host }) : t('model.onDevice', { name });
}

/** Words for an element that follow the language. @template {Element} E @param {E} element @param {string} key @param {string} [attribute] @returns {E} */
export function say(element, key, attribute) {
  element.setAttribute(attribute ? `data-i18n-${attribute}` : 'data-i18n', key);
  if (attribute) element.setAttribute(attribute, t(key));
  else element.textContent = t(key);
  return element;
}

/** Fills in all words of a part of the document. @param {ParentNode} root */
export function fill(root) {
  for (const element of root.querySelectorAll('[data-i18n]'))
    element.textContent = t(element.getAttribute('data-i18n') ?? '');
  for (const attribute of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[data-i18n-${attribute}]`))
      element.setAttribute(attribute, t(element.getAttribute(`data-i18n-${attribute}`) ?? ''));
  }
}

/** @param {Language} name */
export function setLanguage(name) {
  current = name;
  writeLanguage(name);
  showLanguage();
}

/** Puts the document's words into the current language. */
export function showLanguage() {
  document.documentElement.lang = current;
  fill(document);
  for (const { content } of document.querySelectorAll('template')) fill(content);
}
