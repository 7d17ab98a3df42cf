/** A report: one HTML file to read, print or send, which needs no other and names no file and no person. */
import { create } from './dom.js';
import { date, language, t } from './i18n.js';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 32px auto; padding: 0 20px; color: #14202a; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 28px 0 8px; } h3 { font-size: 15px; margin: 18px 0 4px; break-after: avoid; }
.caution { padding: 8px 12px; border-left: 3px solid #a9690a; background: #faf4ea; font-weight: 600; }
.wide { overflow-x: auto; } .wide + .wide { margin-top: 12px; } table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 4px 10px 4px 0; text-align: left; border-bottom: 1px solid #dde3e7; white-space: nowrap; }
.interval { display: block; color: #566570; font-size: 11px; } .number { text-align: right; font-variant-numeric: tabular-nums; } dt { color: #566570; } dd { margin: 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; }
.curves { display: flex; flex-wrap: wrap; gap: 16px; } figure { margin: 0; width: 260px; break-inside: avoid; }
svg text { font: 11px system-ui, sans-serif; fill: #14202a; } .curve-grid { stroke: #dde3e7; fill: none; }
.curve-chance { stroke: #7d8b95; stroke-dasharray: 4 4; fill: none; } .curve-line { stroke: #0b6680; stroke-width: 2; fill: none; }
.curve-point, .curve-bin { fill: #0b6680; } figcaption { text-align: center; font-size: 12px; }
@page { margin: 14mm; } @media print { body { margin: 0; padding: 0; } .wide { overflow: visible; } tr { break-inside: avoid; }
  table { font-size: 10px; } th, td { padding-right: 6px; white-space: normal; overflow-wrap: break-word; } .interval { font-size: 9px; white-space: nowrap; } }
`;

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {(Node | string)[]} children @param {string} [className] */
export function within(tag, children, className) {
  const element = create(tag, undefined, className);
  element.append(...children);
  return element;
}

const written = (/** @type {Node} */ node) => new XMLSerializer().serializeToString(node);

/** @param {HTMLElement} table */
export const scrolling = (table) => within('div', [table], 'wide');

/** @param {Node[]} parts */
export const tableOf = (parts) => scrolling(within('table', parts));

/** @param {[string, string][]} facts */
export const listOf = (facts) =>
  within(
    'dl',
    facts.filter(([, value]) => value).flatMap(([name, value]) => [create('dt', name), create('dd', value)]),
  );

/** The whole file. @param {string} title @param {Node[]} parts Below the title, the date and the caution */
export function paperOf(title, parts) {
  const head = [create('h1', title), create('p', date()), create('p', t('page.caution'), 'caution')];
  // Built as a string: this page's content policy would forbid the style element of a document that it makes.
  return `<!doctype html>
<html lang="${language()}"><head><meta charset="utf-8">${written(create('title', title))}<style>${STYLE}</style></head>
${written(within('body', [...head, ...parts]))}</html>
`;
}
