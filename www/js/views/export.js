/** What can be taken along: scores as tables, a figure, and a link to the set-up. All of it is made here. */
import { byId } from '../dom.js';
import { csvOf } from '../export/csv.js';
import { drawFigure, pngOf } from '../export/figure.js';
import { jsonOf } from '../export/json.js';
import { recordsOf } from '../export/records.js';
import { fragmentOf } from '../share.js';
import { overlayKey } from '../state.js';
import { counted } from '../words.js';

const KEPT_MS = 60_000; // a browser may ask where to save

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** A figure needs a picture in the viewer whose map is drawn. @param {import('../state.js').State} state */
const hasFigure = (state) => !state.series?.shown && Boolean(state.picture && state.scores.get(state.selected)?.picture === state.picture.id)
  && (!state.map.on || state.overlay?.key === overlayKey(state));

/** @param {import('../session.js').Session} session */
export function bindExport(session) {
  const [card, what, csv, json, png, copy, link, done] = ['export-card', 'export-what', 'export-csv', 'export-json', 'export-png', 'share-copy', 'share-link', 'export-done'].map(byId);

  /** @param {HTMLElement} button @param {string} name @param {() => Blob | Promise<Blob>} make */
  function bind(button, name, make) {
    button.addEventListener('click', async () => {
      try {
        save(await make(), name);
        done.textContent = `Saved as ${name}`;
      } catch (error) {
        done.textContent = error.message;
      }
    });
  }
  bind(csv, 'carzero-scores.csv', () => new Blob([csvOf(recordsOf(session.state), session.state.info)], { type: 'text/csv' }));
  bind(json, 'carzero-scores.json', () => new Blob([jsonOf(recordsOf(session.state), session.state.info)], { type: 'application/json' }));
  bind(png, 'carzero-figure.png', () => pngOf(drawFigure(session.state)));

  copy.addEventListener('click', async () => {
    link.value = `${location.origin}${location.pathname}${fragmentOf(session.state)}`;
    const without = session.state.folder.kind === 'disk' ? ' It leaves out the model, which is on this device only.' : '';
    try {
      await navigator.clipboard.writeText(link.value);
      done.textContent = `Link copied.${without}`;
    } catch {
      done.textContent = `Copy it from the field.${without}`;
      link.focus();
    }
    link.select();
  });

  /** @param {import('../state.js').State} state */
  function draw(state) {
    const records = recordsOf(state);
    what.textContent = records.length && state.info ? `Scores of ${counted(records.length, 'image')}` : 'Nothing is scored yet';
    csv.disabled = json.disabled = !records.length || !state.info;
    png.disabled = !hasFigure(state);
    copy.disabled = !state.info;
  }
  let open = false;
  card.addEventListener('toggle', ({ newState }) => {
    open = newState === 'open';
    done.textContent = link.value = '';
    if (open) draw(session.state);
  });
  return (/** @type {import('../state.js').State} */ state) => { if (open) draw(state); };
}
