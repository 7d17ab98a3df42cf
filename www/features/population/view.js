/** The dialog of the reference population: which it is, and how to get one of one's own. */
import { byId, findAll, onChange } from '../../core/dom.js';
import { modelText, plural, t } from '../../core/i18n.js';
import { LEAST_IMAGES } from '../../core/population.js';
import { progressOf } from '../../core/table.js';
import { asSentence, populationInWords } from '../../core/words.js';
import { save } from '../../core/written.js';

/** @typedef {import('../../core/state.js').State} State */

/** Which images scores are ranked among, and what follows from that. @param {import('carzero').ModelInfo | null} info */
function nowInWords(info) {
  if (!info?.population) return t('population.none');
  const among = t('population.now', { population: populationInWords(info) });
  if (info.ownImages === undefined) return among;
  const zones =
    info.validation === info.population
      ? t('population.ownZones')
      : info.validation
        ? t('population.modelZones', { population: modelText(info.validation) })
        : '';
  return [among, t('population.ownText'), zones].filter(Boolean).join(' ');
}

/** How many images a series has that can be read, as far as is known. @param {State['series']} series */
const imagesOf = (series) => series?.rows.filter((row) => row.state !== 'failed').length ?? 0;

/** @param {import('../../session.js').Session} session */
export function bindPopulation(session) {
  const dialog = byId('reference', HTMLDialogElement);
  const now = byId('reference-now');
  const keep = byId('reference-save', HTMLButtonElement);
  const back = byId('reference-back', HTMLButtonElement);
  const again = byId('reference-again', HTMLButtonElement);
  const form = byId('reference-form', HTMLFormElement);
  const name = byId('reference-name', HTMLInputElement);
  const what = byId('reference-what');
  const start = byId('reference-start', HTMLButtonElement);
  const work = byId('reference-work');
  const progress = byId('reference-progress', HTMLProgressElement);
  const doing = byId('reference-doing');
  const cancel = byId('reference-cancel', HTMLButtonElement);
  const chooser = byId('reference-file', HTMLInputElement);
  const title = byId('reference-title');
  const error = byId('reference-error');
  const openers = findAll(document, '[data-population]', HTMLButtonElement);

  for (const opener of openers) opener.addEventListener('click', () => session.population.show(true));
  dialog.addEventListener('close', () => session.population.show(false));
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  keep.addEventListener('click', () =>
    save(new Blob([session.state.population.file], { type: 'application/json' }), 'carzero-population.json'),
  );
  back.addEventListener('click', () => session.population.use(''));
  again.addEventListener('click', () => session.population.use(session.state.population.dropped?.file ?? ''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    session.population.measure(name.value.trim());
  });
  cancel.addEventListener('click', () => session.population.cancel());
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0];
    chooser.value = ''; // the same file may be chosen again
    if (file) session.population.open(file);
  });

  const show = onChange((/** @type {boolean} */ open) => {
    if (open && !dialog.open) dialog.showModal();
    else if (!open && dialog.open) dialog.close();
  });

  /** Keeps the focus in the dialog when the element that had it is hidden. */
  const follow = onChange((/** @type {boolean} */ isMeasured, /** @type {string} */ _file) => {
    if (isMeasured) cancel.focus();
    else if (!dialog.contains(document.activeElement) || !document.activeElement?.checkVisibility()) title.focus();
  });

  /** @param {State} state */
  function drawSeries({ series, model, population: { measuring }, evaluation }) {
    const count = imagesOf(series);
    form.hidden = count < LEAST_IMAGES || measuring !== null;
    work.hidden = measuring === null;
    start.disabled = model !== 'ready';
    start.textContent = plural('population.measure', count);
    what.textContent = !series
      ? t('population.noSeries', { least: LEAST_IMAGES })
      : count < LEAST_IMAGES
        ? plural('population.few', count, { least: LEAST_IMAGES })
        : t(evaluation?.report ? 'population.labelled' : 'population.unlabelled');
    if (!series || !measuring) return;
    const { done, total } = progressOf(series, [], measuring);
    Object.assign(progress, { max: total, value: done });
    doing.textContent = t(series.running ? 'series.runs' : 'series.rests', { count: done, total });
  }

  return (/** @type {State} */ state) => {
    const { population, info, model, round } = state;
    const few = imagesOf(state.series) < LEAST_IMAGES;
    for (const opener of openers)
      opener.hidden = model !== 'ready' || round?.purpose === 'study' || (opener.dataset.population === 'these' && few);
    show(population.open);
    if (!population.open) return;
    now.textContent = nowInWords(info);
    keep.hidden = back.hidden = !population.file;
    again.hidden = !population.dropped;
    if (population.dropped) again.textContent = t('population.again', { name: population.dropped.name });
    error.textContent = asSentence(population.error);
    drawSeries(state);
    follow(population.measuring !== null, population.file);
  };
}
