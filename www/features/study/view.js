/** The dialog of a reader study: the current one, a new one, and results. */
import { byId, closest, create, focusFirst, onChange, setOptions } from '../../core/dom.js';
import { filesFromList } from '../../core/files.js';
import { date, percent, plural, t } from '../../core/i18n.js';
import { DAY } from '../../core/study.js';
import { asSentence } from '../../core/words.js';
import { figuresOf, generalNotes, notesOf, partInWords, readersOf } from './figures.js';
import { bindSaving } from './saving.js';
import { bindSetup } from './setup.js';

/** @typedef {import('../../core/study.js').StudyState} StudyState */

/** The progress of the current study, in words. @param {import('../../core/study.js').Kept} kept @param {boolean} stored */
function keptInWords({ plan, steps, at, rested }, stored) {
  const words = [t('study.keptText', { reader: plan.reader, done: at, all: steps.length })];
  const rests = rested && steps[at]?.session === 2 && steps[at - 1]?.session === 1;
  if (rests) words.push(t('study.rests', { date: date(new Date(rested + plan.washOut * DAY)) }));
  if (!stored) words.push(t('study.notStored'));
  return words.join(' ');
}

/** @param {import('../../session.js').Session} session */
function bindKept(session) {
  const box = byId('study-kept');
  const text = byId('study-kept-text');
  const reopen = byId('study-reopen', HTMLInputElement);
  const label = byId('study-reopen-label');
  const go = byId('study-go', HTMLButtonElement);
  const discard = byId('study-discard', HTMLButtonElement);
  const restore = byId('study-restore', HTMLButtonElement);
  const resultsTitle = byId('study-results-title');
  const round = byId('teach-title');

  reopen.addEventListener('change', () => {
    const files = filesFromList(reopen.files);
    reopen.value = ''; // the same files may be chosen again
    if (files.length) session.study.reopen(files);
  });
  go.addEventListener('click', () => {
    session.study.go();
    requestAnimationFrame(() => round.focus());
  });
  discard.addEventListener('click', () => {
    session.study.discard();
    requestAnimationFrame(() => focusFirst(restore, resultsTitle)); // once it is on show
  });
  restore.addEventListener('click', () => {
    session.study.restore();
    requestAnimationFrame(() => focusFirst(go, resultsTitle));
  });

  return (/** @type {StudyState} */ { kept, stored, dropped }, /** @type {boolean} */ ready) => {
    const unfinished = kept && kept.at < kept.steps.length ? kept : null;
    box.hidden = !unfinished && !dropped;
    restore.hidden = !dropped;
    discard.hidden = !unfinished;
    const lines = [
      unfinished && keptInWords(unfinished, stored),
      dropped && t('study.dropped', { reader: dropped.plan.reader, done: dropped.at }),
    ];
    text.textContent = lines.filter(Boolean).join(' ');
    if (!unfinished) {
      label.hidden = go.hidden = true;
      return;
    }
    const closed = unfinished.cases.some((one) => 'key' in one && !one.file);
    label.hidden = !closed;
    go.hidden = closed;
    go.disabled = !ready;
  };
}

/** @param {import('../../session.js').Session} session */
function bindReport(session) {
  const readers = byId('study-readers');
  const restore = byId('study-restore', HTMLButtonElement);
  const resultsTitle = byId('study-results-title');
  const report = byId('study-report');
  const summary = byId('study-summary');
  const choice = byId('study-part', HTMLSelectElement);
  const table = byId('study-figures');
  const notes = byId('study-notes');
  const byReader = byId('study-by-reader');
  const each = byId('study-reader-figures');

  choice.addEventListener('change', () => session.study.select(Number(choice.value)));
  readers.addEventListener('click', (event) => {
    const index = closest(event, 'button')?.dataset.index;
    if (index === undefined) return;
    session.study.remove(Number(index));
    requestAnimationFrame(() => focusFirst(restore, resultsTitle)); // once it is on show
  });

  const drawReaders = onChange((/** @type {StudyState['results']} */ results) =>
    readers.replaceChildren(
      ...results.map(({ reader, readings }, i) => {
        const [item, remove] = [create('li'), create('button', t('study.remove'), 'quiet')];
        remove.type = 'button';
        remove.dataset.index = String(i);
        remove.setAttribute('aria-label', t('study.removeReader', { reader }));
        item.append(create('span', plural('study.readings', readings.length, { reader })), remove);
        return item;
      }),
    ),
  );

  const draw = onChange(
    (/** @type {StudyState['report']} */ made, /** @type {number} */ at, /** @type {StudyState['byReader']} */ by) => {
      const { results } = session.state.study;
      report.hidden = !made;
      byReader.hidden = !by.size;
      if (!made || !results.length) return;
      const part = made.parts[at];
      summary.textContent = `${plural('study.summary', made.cases)} ${plural('study.summaryReaders', made.readers)}`;
      setOptions(
        choice,
        made.parts.map((one, i) => ({ value: String(i), text: partInWords(one) })),
      );
      choice.value = String(at);
      table.replaceChildren(...figuresOf(part));
      notes.replaceChildren(
        ...[...notesOf(part), ...generalNotes(results, made.cases)].map((note) => create('li', note)),
      );
      each.replaceChildren(...readersOf(by));
    },
  );

  return (/** @type {StudyState} */ { results, report: made, part, byReader: by }) => {
    drawReaders(results);
    draw(made, part, by);
  };
}

/** @param {import('../../session.js').Session} session */
export function bindStudy(session) {
  const dialog = byId('study', HTMLDialogElement);
  const error = byId('study-error');
  const setup = byId('study-setup', HTMLDetailsElement);
  const work = byId('study-work');
  const progress = byId('study-progress', HTMLProgressElement);
  const doing = byId('study-doing');
  const load = byId('study-load', HTMLInputElement);
  const resultsTitle = byId('study-results-title');
  const [drawKept, drawSetup, drawReport, drawSaving] = [
    bindKept(session),
    bindSetup(session),
    bindReport(session),
    bindSaving(session),
  ];

  byId('study-open', HTMLButtonElement).addEventListener('click', () => session.study.show(true));
  dialog.addEventListener('close', () => {
    if (session.state.study.open) session.study.show(false);
  });
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  byId('study-cancel', HTMLButtonElement).addEventListener('click', () => session.study.cancel());
  load.addEventListener('change', () => {
    const files = filesFromList(load.files);
    load.value = ''; // the same files may be chosen again
    if (files.length) session.study.load(files);
  });

  const show = onChange((/** @type {boolean} */ open) => {
    if (open && !dialog.open) dialog.showModal();
    else if (!open && dialog.open) dialog.close();
  });
  const fold = onChange((/** @type {boolean} */ busy) => {
    setup.open = !busy;
  });
  const arrive = onChange((/** @type {StudyState['report']} */ report) => {
    if (report && dialog.open) focusFirst(resultsTitle);
  });

  return (/** @type {import('../../core/state.js').State} */ { study, model }) => {
    show(study.open);
    if (!study.open) return;
    error.textContent = study.error ? asSentence(study.error) : '';
    fold(Boolean(study.kept || study.results.length));
    drawKept(study, model === 'ready');
    drawSetup(study, model);
    drawReport(study);
    drawSaving(study);
    work.hidden = !study.progress;
    if (study.progress) {
      const { done, of } = study.progress;
      Object.assign(progress, { max: of, value: done });
      doing.textContent = t('evaluate.measuring', { share: percent(done / of) });
    }
    arrive(study.report);
  };
}
