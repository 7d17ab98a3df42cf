/** What is printed: one light page of the image on show, its map, its findings, and what speaks against them. It names no file. */
import { byId, create } from '../../core/dom.js';
import { drawImage, drawRamp } from './image.js';
import { date, nameOf, populationInWords, t } from '../../core/i18n.js';
import { hasPicture, ranked } from '../../core/derived.js';
import { overlayKey, shownMap } from '../../core/map.js';
import { veil } from '../../core/veil.js';
import { cautions, signed, standing } from '../../core/words.js';
import { cautionsOfWords, markOfWords, scoreInWords } from '../../core/wording.js';
import { sideOf } from '../../core/zone.js';

const LONG = 1400; // pixels
const ROWS = 36; // two columns of them fill the page

/** @param {import('../../core/state.js').State} state @param {string} finding */
function rowOf({ scores, selected }, finding) {
  const score = scores.get(finding);
  const row = create('li', undefined, 'print-row');
  row.toggleAttribute('data-selected', finding === selected);
  const bar = create('span', undefined, 'print-bar');
  const fill = create('span');
  fill.style.setProperty('width', `${score?.percentile ?? 0}%`);
  bar.append(fill);
  const place = !score ? '' : score.percentile === undefined ? signed(score.logit) : standing(score.percentile);
  row.append(
    create('span', nameOf(finding), 'print-name'),
    bar,
    create('span', place),
    create(
      'span',
      [sideOf(score) === 'within' && t('zone.word'), markOfWords(score)].filter(Boolean).join(' · '),
      'small',
    ),
  );
  return row;
}

/** @param {import('../../core/state.js').Viewed} state @returns {Element[]} */
function imageOf(state) {
  const { picture, map, overlay, ramp, selected, scores } = state;
  const score = scores.get(selected);
  const shown = shownMap(state);
  const drawn = map.on && overlay?.key === overlayKey(state) && score && shown;
  const figure = create('figure');
  figure.append(drawImage(drawn ? state : { ...state, map: { ...map, on: false } }, LONG));
  if (!drawn) return [figure];
  const legend = create('p', undefined, 'small print-legend');
  if (ramp) legend.append(t('median'), ' ', drawRamp(ramp), ' ', t('map.highest'), ' · ');
  legend.append(
    [t('figure.map', { kind: shown.name }), t('figure.dimmed'), 'phantom' in picture.source && t('figure.synthetic')]
      .filter(Boolean)
      .join(' · '),
  );
  const caption = create('figcaption');
  caption.append(create('strong', nameOf(selected)), ` ${[scoreInWords(score), ...cautionsOfWords(score)].join(' ')}`);
  figure.append(legend, caption);
  return [figure];
}

/** @param {import('../../session.js').Session} session */
export function bindPrint(session) {
  const sheet = byId('print');

  addEventListener('beforeprint', () => {
    const state = veil(session.state);
    const { info, picture, findings } = state;
    const head = create('header', undefined, 'print-head');
    head.append(create('h1', t('page.title')), create('span', date()));
    const warnings = create('div', undefined, 'print-warnings');
    warnings.append(...(picture ? cautions(picture) : []).map((line) => create('p', line)));
    const list = create('ol', undefined, 'print-list');
    list.append(
      ...ranked(state)
        .slice(0, ROWS)
        .map((finding) => rowOf(state, finding)),
    );
    list.toggleAttribute('data-long', findings.length > ROWS / 2);
    const more =
      findings.length > ROWS ? [create('p', t('print.highest', { count: ROWS, all: findings.length }), 'small')] : [];
    const body = create('div', undefined, 'print-body');
    body.append(...(hasPicture(state) && state.picture.view ? imageOf(state) : []), list);
    const version = info?.sha256 ? `${info.version} (${info.sha256.slice(0, 12)})` : (info?.version ?? '');
    const model = !info
      ? ''
      : info.population
        ? t('figure.modelReference', { title: info.title, version, population: populationInWords(info.population) })
        : t('figure.model', { title: info.title, version });
    sheet.replaceChildren(
      head,
      create('p', t('page.caution'), 'print-caution'),
      warnings,
      body,
      ...more,
      create('p', model, 'small'),
      create('p', t('about.scoresText'), 'small'),
    );
  });
  addEventListener('afterprint', () => sheet.replaceChildren());
  return () => {};
}
