/**
 * What is printed, in light colours: the image on show with its map, its findings and reasons to doubt them; of a
 * comparison both sides; of a series the rows of its table. It names no file: a name may be a person's.
 */
import { byId, create } from '../../core/dom.js';
import { date, t } from '../../core/i18n.js';
import { copyOfDialog } from '../../core/printed.js';
import { veil } from '../../core/veil.js';
import { modelInWords } from '../../core/words.js';
import { sheetOf } from './sheet.js';

/** @param {import('../../session.js').Session} session */
export function bindPrint(session) {
  const sheet = byId('print');

  addEventListener('beforeprint', () => {
    const state = veil(session.state);
    const dialog = copyOfDialog();
    const head = create('header', undefined, 'print-head');
    head.append(create('h1', t('page.title')), create('span', date()));
    sheet.replaceChildren(
      head,
      create('p', t('page.caution'), 'print-caution'),
      ...(dialog ? [dialog] : sheetOf(state)),
      create('p', state.info ? modelInWords(state.info) : '', 'small'),
      create('p', t('about.scoresText'), 'small'),
    );
  });
  addEventListener('afterprint', () => sheet.replaceChildren());
  return () => {};
}
