/** The few DOM helpers that the views share. */
import { language } from './i18n.js';

/** @template {HTMLElement} T @param {string} id @returns {T} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return /** @type {T} */ (element);
}

/** @param {string} tag @param {string} [text] @param {string} [className] */
export function create(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
export function createSvg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Replaces a select's options; the values and the texts may differ. @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options */
export function setOptions(select, options) {
  select.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
}

const END = 12; // characters that stay

/** A name in little room: what is left out is its middle. @param {HTMLElement} element @param {string} name @param {string} [rest] Stays too */
export function showName(element, name, rest = '') {
  const characters = [...name];
  const at = Math.max(0, characters.length - END);
  const parts = [characters.slice(0, at), characters.slice(at)].map((part) => part.join(''));
  element.classList.add('middle');
  if (element.textContent !== name + rest)
    element.replaceChildren(create('span', parts[0]), create('span', parts[1] + rest));
}

/** The focus goes to the first of these that is on show. @param {HTMLElement[]} elements */
export function focusFirst(...elements) {
  elements.find((element) => element.checkVisibility())?.focus({ preventScroll: true });
}

/** Selects a field's text and copies it; where that is forbidden, it waits for Ctrl+C. @param {HTMLInputElement | HTMLTextAreaElement} field */
export async function copyField(field) {
  field.select();
  const copied = await navigator.clipboard?.writeText(field.value).then(
    () => true,
    () => false,
  );
  if (!copied) field.focus();
  return copied;
}

/** A function that runs `apply` only when one of its arguments has changed, or the page's language. @template {any[]} A @param {(...args: A) => void} apply */
export function onChange(apply) {
  /** @type {any[] | undefined} */ let last;
  return (/** @type {A} */ ...args) => {
    const now = [language(), ...args];
    if (last && now.every((value, i) => Object.is(value, last[i]))) return;
    last = now;
    apply(...args);
  };
}
