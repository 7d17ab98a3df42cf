/** The keys, OHIF's where it has one: one table for what they do and for the sheet that lists them. */
import { PRESETS } from './pixels.js';

/**
 * @typedef {'tool' | 'preset' | 'invert' | 'turn' | 'across' | 'over' | 'fit' | 'reset' | 'in' | 'out' | 'help'} Action
 * @type {{key: string, action: Action, value?: string, words: string}[]}
 */
export const KEYS = [
  { key: 'w', action: 'tool', value: 'window', words: 'Window tool: contrast and brightness' },
  { key: 'z', action: 'tool', value: 'zoom', words: 'Zoom tool' },
  { key: 'p', action: 'tool', value: 'pan', words: 'Pan tool' },
  { key: 'l', action: 'tool', value: 'length', words: 'Length tool' },
  { key: 'm', action: 'tool', value: 'loupe', words: 'Magnifier' },
  ...PRESETS.map(({ key, name, hint }) => ({ key, action: /** @type {const} */ ('preset'), value: key, words: `Window: ${name.toLowerCase()}, ${hint}` })),
  { key: 'i', action: 'invert', words: 'Invert the greys' },
  { key: 'r', action: 'turn', words: 'Rotate right' },
  { key: 'h', action: 'across', words: 'Flip left to right' },
  { key: 'v', action: 'over', words: 'Flip upside down' },
  { key: '+', action: 'in', words: 'Zoom in' },
  { key: '-', action: 'out', words: 'Zoom out' },
  { key: '=', action: 'fit', words: 'Fit the picture' },
  { key: ' ', action: 'reset', words: 'Reset the display; lengths stay' },
  { key: '?', action: 'help', words: 'This sheet' },
];

/** @param {string} key */
export const nameOfKey = (key) => ({ ' ': 'Space', '-': '−' }[key] ?? key.toUpperCase());

/** Inputs that take no text. */
const QUIET = new Set(['checkbox', 'radio', 'range']);

/**
 * What a key asks of the viewer, or undefined: where text is typed or something else uses the key, nothing.
 *
 * @param {KeyboardEvent} event
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
