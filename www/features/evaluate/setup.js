/** The table of labels: what the page understood of it, and what a person corrects. */
import { byId, create, findAll, onChange, setOptions } from '../../core/dom.js';
import { glossOf, listed, number, plural, say, t } from '../../core/i18n.js';
import { filesFromList } from '../../core/files.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

const NAMED = 3; // how many of the images without a row are named
const SHOWN = 24; // characters of a value that is no label

/** "Edema (“maybe”)". @param {import('carzero-evaluation').NotRead} unread */
const unreadInWords = ({ column, value }) =>
  value
    ? t('evaluate.notReadFor', { column, value: value.length > SHOWN ? `${value.slice(0, SHOWN)} …` : value })
    : column;

/** @param {import('../../session.js').Session} session */
export function bindSetup(session) {
  const chooser = byId('evaluate-files', HTMLInputElement);
  const read = byId('evaluate-read');
  const form = byId('evaluate-understood', HTMLFormElement);
  const matched = byId('evaluate-matched');
  const which = byId('evaluate-which');
  const file = byId('evaluate-file', HTMLSelectElement);
  const key = byId('evaluate-key', HTMLSelectElement);
  const patient = byId('evaluate-patient', HTMLSelectElement);
  const chooseOn = byId('evaluate-on', HTMLSelectElement);
  const rows = byId('evaluate-rows');
  const start = byId('evaluate-start', HTMLButtonElement);

  chooser.addEventListener('change', () => {
    const files = filesFromList(chooser.files);
    chooser.value = ''; // the same file may be chosen again
    if (files.length) session.evaluation.read(files);
  });
  file.addEventListener('change', () => session.evaluation.correct({ table: Number(file.value) }));
  key.addEventListener('change', () => session.evaluation.correct({ key: key.value }));
  patient.addEventListener('change', () => session.evaluation.correct({ patient: patient.value }));
  chooseOn.addEventListener('change', () => session.evaluation.chooseOn(chooseOn.value));
  rows.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    const { wording } = target.dataset;
    if (wording === undefined) session.evaluation.choose(target.value, target.checked);
    else session.evaluation.ask(wording, target.value);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    session.evaluation.start();
  });

  /** @param {HTMLSelectElement} select @param {{value: string, text: string}[]} options @param {string} value */
  function offer(select, options, value) {
    setOptions(select, options);
    select.value = value;
  }

  const drawChoices = onChange(
    (
      /** @type {Evaluation['tables']} */ tables,
      /** @type {Evaluation['understood']} */ understood,
      /** @type {Evaluation['corrections']} */ corrections,
    ) => {
      const table = corrections.table ?? understood?.tables[0] ?? 0;
      const columns = (understood?.columns ?? tables[table]?.columns ?? []).map((value) => ({ value, text: value }));
      which.hidden = tables.length < 2;
      offer(
        file,
        tables.map(({ name }, i) => ({ value: String(i), text: name })),
        String(table),
      );
      offer(
        key,
        understood ? columns : [{ value: '', text: t('evaluate.chooseColumn') }, ...columns],
        understood?.key ?? '',
      );
      offer(patient, [{ value: '', text: t('evaluate.noPatient') }, ...columns], understood?.patient ?? '');
      const splits = understood?.splits ?? [];
      offer(
        chooseOn,
        [
          { value: '', text: t('evaluate.chosenHere') },
          ...splits.map((value) => ({ value, text: t('evaluate.rowsWith', { value }) })),
        ],
        '',
      );
    },
  );

  const drawMatched = onChange((/** @type {Evaluation['understood']} */ understood, /** @type {number} */ images) => {
    if (!understood) return void (matched.textContent = '');
    const {
      imagesWithout: without,
      rowsWithout,
      doubled,
      patients,
      boxed,
      boxedOnly,
      notRead,
      slices,
      findings,
      form: written,
    } = understood;
    const named = listed(without.slice(0, NAMED)) + (without.length > NAMED ? ' …' : '');
    matched.textContent = [
      t(`evaluate.form.${written}`),
      plural('evaluate.matched', images, { labelled: understood.images }),
      ...(patients === undefined ? [] : [plural('evaluate.patients', patients)]),
      ...(boxed.length ? [plural('evaluate.boxed', boxed.length)] : []),
      ...(boxedOnly.length ? [t('evaluate.boxedOnly', { findings: listed(boxedOnly) })] : []),
      ...(without.length ? [plural('evaluate.imagesWithout', without.length, { named })] : []),
      ...(rowsWithout ? [plural('evaluate.rowsWithout', rowsWithout)] : []),
      ...(doubled ? [plural('evaluate.doubled', doubled)] : []),
      ...(notRead.length ? [t('evaluate.notRead', { columns: listed(notRead.map(unreadInWords)) })] : []),
      ...(findings.some(({ positives, negatives }) => positives && negatives) ? [] : [t('evaluate.startNothing')]),
      ...(slices.length ? [t('evaluate.slicedBy', { columns: listed(slices.map(({ column }) => column)) })] : []),
    ].join(' ');
  });

  const drawFindings = onChange((/** @type {Evaluation['understood']} */ understood, /** @type {boolean} */ named) => {
    const names = understood && named ? understood.findings : [];
    rows.replaceChildren(
      ...names.map(({ name, positives, negatives, unknown }) => {
        const [row, cell, label] = [create('tr'), create('th'), create('label')];
        const box = Object.assign(create('input'), { type: 'checkbox', value: name });
        cell.scope = 'row';
        label.append(box, ' ', name);
        cell.append(label);
        const wording = Object.assign(create('input'), { type: 'text', spellcheck: false });
        wording.dataset.wording = name;
        wording.setAttribute('aria-label', `${t('evaluate.asked')}: ${name}`);
        const asks = create('td');
        asks.append(wording, create('small', undefined, 'asked-note'));
        row.append(
          cell,
          asks,
          ...Object.entries({ positives, negatives, unknown }).map(([kind, count]) =>
            say(create('td', number(count), 'number'), `evaluate.${kind}`, 'data-label'),
          ),
        );
        return row;
      }),
    );
  });

  return (
    /** @type {Evaluation} */ evaluation,
    /** @type {import('../../core/state.js').State} */ { series, model },
  ) => {
    const { reading, tables, understood, corrections, asked, chosen, step } = evaluation;
    read.textContent = reading ? t('evaluate.reading') : tables.map(({ name }) => name).join(', ');
    form.hidden = !tables.length;
    drawChoices(tables, understood, corrections);
    drawMatched(understood, series?.rows.length ?? 0);
    drawFindings(understood, Boolean(asked?.size));
    for (const wording of findAll(rows, 'input[data-wording]', HTMLInputElement)) {
      const { finding = '', known = false } = asked?.get(wording.dataset.wording ?? '') ?? {};
      const note = known ? glossOf(finding) : t('evaluate.unknownWords');
      if (wording !== document.activeElement) wording.value = finding;
      if (wording.nextElementSibling?.textContent !== note) wording.nextElementSibling?.replaceChildren(note);
    }
    chooseOn.value = evaluation.chooseOn;
    for (const box of findAll(rows, 'input[type="checkbox"]', HTMLInputElement))
      box.checked = chosen.includes(box.value);
    start.disabled = !chosen.length || model !== 'ready' || step === 'scoring' || step === 'measuring';
  };
}
