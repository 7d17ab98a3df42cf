/** The findings with five steps of confidence each. */
import { byId, closest, create, find, findAll, focusFirst, onChange } from '../../core/dom.js';
import { glossOf, nameOf, t } from '../../core/i18n.js';
import { STEPS } from '../../core/round.js';
import { bindKeys } from './keys.js';

/** @typedef {import('../../core/round.js').Round} Round */

/** @param {string} finding @param {number} index */
function createRow(finding, index) {
  const row = create('li');
  row.dataset.finding = finding;
  const name = Object.assign(create('button', undefined, 'quiet teach-name'), { type: 'button' });
  name.append(create('span', nameOf(finding)));
  if (glossOf(finding)) name.append(create('span', finding, 'tag'));
  const steps = create('span', undefined, 'teach-steps');
  steps.setAttribute('role', 'radiogroup');
  steps.setAttribute('aria-label', t('teach.sureOf', { finding: nameOf(finding) }));
  for (const step of STEPS) {
    const [label, radio] = [create('label'), create('input')];
    Object.assign(radio, { type: 'radio', name: `teach-${index}`, value: String(step) });
    radio.setAttribute('aria-label', `${step}: ${t(`teach.sure.${step}`)}`);
    label.title = t(`teach.sure.${step}`);
    label.append(radio, create('span', String(step)));
    steps.append(label);
  }
  row.append(name, steps);
  return row;
}

/** @param {import('../../session.js').Session} session */
export function bindAnswers(session) {
  const list = byId('teach-findings');
  const mark = byId('mark-place');
  const title = byId('teach-title');
  const rowOf = (/** @type {string} */ finding) =>
    findAll(list, 'li', HTMLLIElement).find(({ dataset }) => dataset.finding === finding);

  list.addEventListener('click', (event) => {
    const finding = closest(event, '.teach-name')?.parentElement?.dataset.finding;
    if (finding !== undefined) session.teaching.choose(finding);
  });
  list.addEventListener('change', (event) => {
    const finding = closest(event, 'li')?.dataset.finding;
    const { target } = event;
    const step = STEPS.find((each) => target instanceof HTMLInputElement && target.value === String(each));
    if (finding !== undefined && step) session.teaching.rate(finding, step);
  });
  bindKeys(session, (finding) => {
    const { activeElement } = document;
    const row = rowOf(finding);
    const next = row ? [find(row, '.teach-name')] : [];
    if (list.contains(activeElement)) focusFirst(...next);
    else if (activeElement === mark) focusFirst(...next, title); // the focused mark was that of the finding before
  });

  const drawRows = onChange((/** @type {readonly string[]} */ findings) =>
    list.replaceChildren(...findings.map(createRow)),
  );

  const drawAnswer = onChange(
    (
      /** @type {Round['answer']} */ { confidence, marks },
      /** @type {string} */ current,
      /** @type {readonly string[]} */ _findings,
    ) => {
      for (const row of findAll(list, 'li', HTMLLIElement)) {
        const { finding = '' } = row.dataset;
        const name = find(row, '.teach-name');
        name.setAttribute('aria-pressed', String(finding === current));
        name.toggleAttribute('data-marked', Boolean(marks[finding]));
        for (const radio of findAll(row, 'input', HTMLInputElement))
          radio.checked = radio.value === String(confidence[finding]);
      }
    },
  );

  return (/** @type {Round} */ { answer, finding }, /** @type {readonly string[]} */ findings) => {
    drawRows(findings);
    drawAnswer(answer, finding, findings);
  };
}
