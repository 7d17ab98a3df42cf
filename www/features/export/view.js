/** What can be taken along: scores as tables, a figure, and a link to the set-up. All of it is made here. */
import { overlayKeyBeside } from '../../core/beside.js';
import { byId, copyField, onChange } from '../../core/dom.js';
import { csvOf } from './csv.js';
import { drawFigure, pngOf } from './figure.js';
import { jsonOf } from './json.js';
import { recordsOf } from './records.js';
import { plural, t, tell } from '../../core/i18n.js';
import { fragmentOf } from '../../core/share.js';
import { overlayKey } from '../../core/state.js';
import { veil } from '../../core/veil.js';

const KEPT_MS = 60_000; // a browser may ask where to save

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** A figure needs a picture in the viewer whose map is drawn, and of a comparison both. @param {import('../../core/state.js').State} state */
const hasFigure = (state) =>
  !state.series?.shown &&
  Boolean(state.picture && state.scores.get(state.selected)?.picture === state.picture.id) &&
  (!state.map.on || state.overlay?.key === overlayKey(state)) &&
  (!state.compare ||
    (Boolean(overlayKeyBeside(state)) && (!state.map.on || state.compare.overlay?.key === overlayKeyBeside(state))));

/** Nothing leaves that the views may not know. @param {import('../../session.js').Session} session */
export function bindExport(session) {
  const [card, opener, what, csv, json, png, copy, link, done] = [
    'export-card',
    'export-open',
    'export-what',
    'export-csv',
    'export-json',
    'export-png',
    'share-copy',
    'share-link',
    'export-done',
  ].map(byId);

  const known = () => veil(session.state);
  /** @type {readonly import('../../core/i18n.js').Message[]} What was done */ let said = [];
  const drawDone = onChange((/** @type {typeof said} */ messages) => {
    done.textContent = messages.map(tell).join(' ');
  });
  const say = (/** @type {typeof said} */ ...messages) => drawDone((said = messages));

  /** @param {HTMLElement} button @param {string} name @param {() => Blob | Promise<Blob>} make */
  function bind(button, name, make) {
    button.addEventListener('click', async () => {
      try {
        save(await make(), name);
        say({ key: 'export.saved', values: { name } });
      } catch (error) {
        say(error.message);
      }
    });
  }
  bind(csv, 'carzero-scores.csv', () => new Blob([csvOf(recordsOf(known()), known().info)], { type: 'text/csv' }));
  bind(
    json,
    'carzero-scores.json',
    () => new Blob([jsonOf(recordsOf(known()), known().info)], { type: 'application/json' }),
  );
  bind(png, 'carzero-figure.png', () => pngOf(drawFigure(known())));

  copy.addEventListener('click', async () => {
    const without = session.state.folder.kind === 'disk' ? [{ key: 'share.without' }] : [];
    say({ key: (await copyField(link)) ? 'share.copied' : 'share.field' }, ...without);
  });

  /** @param {import('../../core/state.js').State} state */
  function draw(state) {
    const records = recordsOf(state);
    what.textContent = records.length && state.info ? plural('export.scores', records.length) : t('export.none');
    csv.disabled = json.disabled = !records.length || !state.info;
    png.disabled = !hasFigure(state);
    copy.disabled = !state.info;
    link.value = state.info ? `${location.origin}${location.pathname}${fragmentOf(state)}` : '';
    drawDone(said);
  }
  let open = false;
  card.addEventListener('toggle', ({ newState }) => {
    open = newState === 'open';
    say();
    if (open) draw(known());
  });
  return (/** @type {import('../../core/state.js').State} */ state) => {
    opener.disabled = Boolean(state.veiled);
    opener.title = state.veiled ? t('teach.noExport') : '';
    if (open && state.veiled) card.hidePopover();
    else if (open) draw(state);
  };
}
