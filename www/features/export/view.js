/** What can be exported: scores as tables, a figure, and a link to the set-up. All of it is made on this device. */
import { isCompared, overlayKeyBeside } from '../../core/beside.js';
import { byId, copyField, onChange } from '../../core/dom.js';
import { csvOf } from './csv.js';
import { KINDS, dicomFile, fileOf, scoresOf } from './elsewhere.js';
import { drawFigure, pngOf } from './figure.js';
import { jsonOf } from './json.js';
import { recordsOf, searchedIn } from './records.js';
import { codedFrom } from '../../core/errors.js';
import { plural, programMessage, t, tell } from '../../core/i18n.js';
import { fragmentOf } from '../../core/share.js';
import { hasPicture } from '../../core/derived.js';
import { overlayKey } from '../../core/map.js';
import { veil } from '../../core/veil.js';
import { save } from '../../core/written.js';

/** @typedef {import('../../core/state.js').State} State */

/** A figure needs a picture in the viewer whose map is drawn, and in a comparison both. @param {State} state @returns {state is import('../../core/state.js').Viewed} */
function hasFigure(state) {
  const { series, map, overlay, scores, selected, picture } = state;
  if (series?.shown || !picture || scores.get(selected)?.picture !== picture.id) return false;
  if (map.on && overlay?.key !== overlayKey(state)) return false;
  if (!isCompared(state)) return true;
  const key = overlayKeyBeside(state);
  return key !== '' && (!map.on || state.compare.overlay?.key === key);
}

/** Exports nothing that is hidden from the views while a case is read. @param {import('../../session.js').Session} session */
export function bindExport(session) {
  const card = byId('export-card');
  const opener = byId('export-open', HTMLButtonElement);
  const what = byId('export-what');
  const csv = byId('export-csv', HTMLButtonElement);
  const json = byId('export-json', HTMLButtonElement);
  const png = byId('export-png', HTMLButtonElement);
  const elsewhere = /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS)).map((kind) => ({
    kind,
    button: byId(`export-${kind}`, HTMLButtonElement),
  }));
  const referLine = byId('export-refer-line');
  const refer = byId('export-refer', HTMLInputElement);
  const ask = onChange((/** @type {Blob | null} */ file) => {
    refer.checked = false; // asked for anew of every file
    referLine.hidden = !file;
  });
  const copy = byId('share-copy', HTMLButtonElement);
  const link = byId('share-link', HTMLInputElement);
  const done = byId('export-done');

  const known = () => veil(session.state);
  /** @type {readonly import('../../core/i18n.js').Message[]} What was done */ let said = [];
  const drawDone = onChange((/** @type {typeof said} */ messages) => {
    done.textContent = messages.map(tell).join(' ');
  });
  const say = (/** @type {typeof said} */ ...messages) => drawDone((said = messages));

  /** @param {HTMLButtonElement} button @param {string} name @param {() => Blob | Promise<Blob>} make */
  function bind(button, name, make) {
    button.addEventListener('click', async () => {
      try {
        save(await make(), name);
        say({ key: 'export.saved', values: { name } });
      } catch (error) {
        say(programMessage(codedFrom(error)));
      }
    });
  }
  /** The scores as a file. @param {(records: import('./records.js').Record[], info: import('../../worker/jobs.js').ModelInfo, searched: import('./records.js').Searched | null) => string} write @param {string} type */
  const table = (write, type) => () => {
    const { info } = known();
    return new Blob(info ? [write(recordsOf(known()), info, searchedIn(known()))] : [], { type });
  };
  bind(csv, 'carzero-scores.csv', table(csvOf, 'text/csv'));
  bind(json, 'carzero-scores.json', table(jsonOf, 'application/json'));
  bind(png, 'carzero-figure.png', () => {
    const state = known();
    if (!hasFigure(state)) throw new Error(t('figure.failed'));
    return pngOf(drawFigure(state));
  });

  for (const { kind, button } of elsewhere)
    bind(button, KINDS[kind].name, () => {
      const state = known();
      if (!hasPicture(state)) throw new Error(t('export.none'));
      return fileOf(kind, state, refer.checked && !referLine.hidden, session.call);
    });

  copy.addEventListener('click', async () => {
    const without = session.state.folder.kind === 'disk' ? [{ key: 'share.without' }] : [];
    say({ key: (await copyField(link)) ? 'share.copied' : 'share.field' }, ...without);
  });

  /** @param {import('../../core/state.js').State} state */
  function draw(state) {
    const records = recordsOf(state);
    const scored = records.filter(({ scores }) => scores.length).length;
    what.textContent = [
      scored && state.info ? plural('export.scores', scored) : t('export.none'),
      ...(state.series?.shown ? [t('export.open')] : []),
    ].join(' ');
    csv.disabled = json.disabled = !records.length || !state.info;
    png.disabled = !hasFigure(state);
    const own = state.series?.shown ? [] : scoresOf(state);
    const mapped = own.some(({ finding }) => finding === state.selected);
    for (const { kind, button } of elsewhere)
      button.disabled = !state.info || !(kind === 'capture' ? mapped : own.length);
    ask(dicomFile(state));
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
