/** The few DOM helpers that the views share. */
import { language } from './i18n.js';

/**
 * Returns the element if it exists and is of the expected class. Throws otherwise: the views cannot work without it.
 *
 * @template {Element} T
 * @param {Element | null | undefined} element
 * @param {string} name What it was looked up by
 * @param {new () => T} kind
 * @returns {T}
 */
function expect(element, name, kind) {
  if (element instanceof kind) return element;
  throw new Error(`no ${kind.name} at "${name}"`);
}

/**
 * @template {Element} T
 * @overload @param {string} id @param {new () => T} kind @returns {T}
 */
/**
 * @overload @param {string} id @returns {HTMLElement}
 */
/** @param {string} id @param {new () => Element} kind */
export function byId(id, kind = HTMLElement) {
  return expect(document.getElementById(id), `#${id}`, kind);
}

/**
 * The first descendant that matches a selector.
 *
 * @template {Element} T
 * @overload @param {ParentNode} root @param {string} selector @param {new () => T} kind @returns {T}
 */
/**
 * @overload @param {ParentNode} root @param {string} selector @returns {HTMLElement}
 */
/** @param {ParentNode} root @param {string} selector @param {new () => Element} kind */
export function find(root, selector, kind = HTMLElement) {
  return expect(root.querySelector(selector), selector, kind);
}

/** All descendants that match a selector. @template {Element} T @param {ParentNode} root @param {string} selector @param {new () => T} kind @returns {T[]} */
export const findAll = (root, selector, kind) =>
  [...root.querySelectorAll(selector)].map((element) => expect(element, selector, kind));

/** A copy of what a template holds. @template {Element} T @param {HTMLTemplateElement} template @param {new () => T} kind @returns {T} */
export const cloned = (template, kind) => {
  const copy = template.content.firstElementChild?.cloneNode(true);
  return expect(copy instanceof Element ? copy : null, `#${template.id}`, kind);
};

/** The nearest element around what an event happened to, or null. @param {Event} event @param {string} selector @returns {HTMLElement | null} */
export function closest({ target }, selector) {
  const found = target instanceof Element ? target.closest(selector) : null;
  return found instanceof HTMLElement ? found : null;
}

/** The `data-` value of the focused element inside a container, or '' if the focus is elsewhere. @param {HTMLElement} container @param {string} name @returns {string} */
export function focusedIn(container, name) {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && container.contains(activeElement)
    ? (activeElement.dataset[name] ?? '')
    : '';
}

/** @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function contextOf(canvas, settings) {
  const context = canvas.getContext('2d', settings);
  if (!context) throw new Error('the browser has no canvas');
  return context;
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [text] @param {string} [className] @returns {HTMLElementTagNameMap[K]} */
export function create(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Record<string, string | number>} attributes @returns {SVGElementTagNameMap[K]} */
export function createSvg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Replaces a select's options; a value and its text may differ. @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options */
export function setOptions(select, options) {
  select.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
}

const END = 10; // letters at the end that are always shown; a Japanese character counts as two
const START = 6; // a shorter beginning is shown in full too: an ellipsis would not fit

/** Shows a name in little room: if it does not fit, its middle is left out. @param {HTMLElement} element @param {string} name @param {string} [rest] Shown after the name, and never left out */
export function showName(element, name, rest = '') {
  const characters = [...name];
  let at = characters.length;
  for (let room = END; at > 0 && room > 0; at--) room -= characters[at - 1] > '\u2e80' ? 2 : 1;
  if (at < START) at = 0;
  const parts = [characters.slice(0, at), characters.slice(at)].map((part) => part.join(''));
  element.classList.add('middle');
  if (element.textContent === name + rest) return;
  const end = create('span');
  end.append(create('bdi', parts[1] + rest));
  element.replaceChildren(create('span', parts[0]), end);
}

/** The focus goes to the first of these that is on show. @param {HTMLElement[]} elements */
export function focusFirst(...elements) {
  elements.find((element) => element.checkVisibility())?.focus({ preventScroll: true });
}

/** Selects a field's text and copies it; if the browser forbids that, the field keeps the focus for Ctrl+C. @param {HTMLInputElement | HTMLTextAreaElement} field */
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
    if (last?.every((value, i) => Object.is(value, now[i])) && last.length === now.length) return;
    last = now;
    apply(...args);
  };
}
