/** The viewer's keys, the same as OHIF's where it has one. One table for what they do and for the sheet that lists them, in the words of `key.` and the value or the action. */
import { PRESETS } from '../../core/viewport/pixels.js';

/**
 * @typedef {import('../../core/viewport/viewer.js').Action | 'help'} Action
 * @type {{key: string, action: Action, value?: string}[]}
 */
export const KEYS = [
  { key: 'w', action: 'tool', value: 'window' },
  { key: 'z', action: 'tool', value: 'zoom' },
  { key: 'p', action: 'tool', value: 'pan' },
  { key: 'l', action: 'tool', value: 'length' },
  { key: 'm', action: 'tool', value: 'loupe' },
  ...PRESETS.map(({ key }) => ({ key, action: /** @type {const} */ ('preset'), value: key })),
  { key: 'i', action: 'invert' },
  { key: 'r', action: 'turn' },
  { key: 'h', action: 'across' },
  { key: 'v', action: 'over' },
  { key: '+', action: 'in' },
  { key: '-', action: 'out' },
  { key: '=', action: 'fit' },
  { key: ' ', action: 'reset' },
  { key: '?', action: 'help' },
];

/** What a button asks for, or undefined. @param {string | undefined} name */
export const actionNamed = (name) => KEYS.find(({ action }) => action === name)?.action;

/** @type {Record<string, string>} */
const NAMES = { ' ': 'Space', '-': '−' };

/** @param {string} key */
export const nameOfKey = (key) => NAMES[key] ?? key.toUpperCase();

/** Inputs that take no text. */
const QUIET = new Set(['checkbox', 'radio', 'range']);

/**
 * What a key asks of the viewer, or undefined: where text is typed or something else uses the key, nothing.
 *
 * @param {Pick<KeyboardEvent, 'key' | 'target' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing'>} event
 * @returns {(typeof KEYS)[number] | undefined}
 */
export function keyAction({ key, target, ctrlKey, metaKey, altKey, isComposing }) {
  if (ctrlKey || metaKey || altKey || isComposing) return undefined;
  const element = /** @type {HTMLElement} */ (target);
  const input = element.closest('input, select, textarea');
  if (input && !QUIET.has(/** @type {HTMLInputElement} */ (input).type)) return undefined;
  if (key === ' ' && element.closest('input, button, summary, a')) return undefined;
  return KEYS.find((entry) => entry.key === key.toLowerCase());
}
