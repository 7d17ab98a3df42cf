/** How a new study is set up. */
import { byId, create, findAll, onChange } from '../../core/dom.js';
import { filesFromList } from '../../core/files.js';
import { nameOf, plural } from '../../core/i18n.js';
import { DRAWN } from '../../core/pack.js';

/** @typedef {import('../../core/study.js').Settings} Settings */
/** @typedef {import('../../core/study.js').StudyState} StudyState */

/** Fields of whole numbers. @type {[id: string, name: 'count' | 'level' | 'washOut' | 'modelFrom' | 'seed'][]} */
const NUMBERS = [
  ['study-count', 'count'],
  ['study-level', 'level'],
  ['study-washout', 'washOut'],
  ['study-from', 'modelFrom'],
  ['study-seed', 'seed'],
];

/** @param {import('../../session.js').Session} session */
export function bindSetup(session) {
  const form = byId('study-form', HTMLFormElement);
  const sources = findAll(form, '[name="study-source"]', HTMLInputElement);
  const ownLine = byId('study-own-line');
  const files = byId('study-files', HTMLInputElement);
  const read = byId('study-read');
  const design = byId('study-design', HTMLSelectElement);
  const wash = byId('study-wash');
  const reader = byId('study-reader', HTMLInputElement);
  const clock = byId('study-clock', HTMLInputElement);
  const list = byId('study-findings');
  const start = byId('study-start', HTMLButtonElement);
  const title = byId('teach-title');
  const numbers = NUMBERS.map(([id, name]) => ({ field: byId(id, HTMLInputElement), name }));

  for (const source of sources)
    source.addEventListener('change', () => {
      const own = source.value === 'own';
      const findings = own ? (session.state.study.pack?.findings ?? []) : DRAWN;
      session.study.set({ source: own ? 'own' : 'phantoms', findings });
    });
  files.addEventListener('change', () => {
    const chosen = filesFromList(files.files);
    files.value = ''; // the same files may be chosen again
    if (chosen.length) session.study.openPack(chosen);
  });
  for (const { field, name } of numbers)
    field.addEventListener('change', () => {
      if (field.checkValidity()) session.study.set({ [name]: field.valueAsNumber });
    });
  design.addEventListener('change', () =>
    session.study.set({ design: design.value === 'crossover' ? 'crossover' : 'sequential' }),
  );
  reader.addEventListener('change', () => session.study.set({ reader: reader.value.trim() || 'R1' }));
  clock.addEventListener('change', () => session.study.set({ clock: clock.checked }));
  list.addEventListener('change', () => {
    const findings = findAll(list, 'input:checked', HTMLInputElement).map(({ value }) => value);
    session.study.set({ findings });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault(); // the browser has checked the fields
    session.study.start().then(() => requestAnimationFrame(() => title.focus()));
  });

  const drawFindings = onChange((/** @type {readonly string[]} */ offered) =>
    list.replaceChildren(
      ...offered.map((finding) => {
        const [item, label] = [create('li'), create('label')];
        label.append(
          Object.assign(create('input'), { type: 'checkbox', value: finding }),
          create('span', nameOf(finding)),
        );
        item.append(label);
        return item;
      }),
    ),
  );

  return (
    /** @type {StudyState} */ { settings, pack },
    /** @type {import('../../core/state.js').State['model']} */ model,
  ) => {
    const own = settings.source === 'own';
    for (const source of sources) source.checked = source.value === settings.source;
    ownLine.hidden = !own;
    read.textContent = pack ? plural('study.readCases', pack.cases.length) : '';
    for (const part of findAll(form, '[data-only="phantoms"]', HTMLElement)) part.hidden = own;
    for (const { field, name } of numbers) {
      if (document.activeElement !== field) field.value = String(settings[name]);
      field.disabled = own && (name === 'count' || name === 'level');
    }
    design.value = settings.design;
    wash.hidden = settings.design !== 'crossover';
    if (document.activeElement !== reader) reader.value = settings.reader;
    clock.checked = settings.clock;
    drawFindings(own ? (pack?.findings ?? []) : DRAWN);
    for (const box of findAll(list, 'input', HTMLInputElement)) box.checked = settings.findings.includes(box.value);
    start.disabled = model !== 'ready' || !settings.findings.length || (own && !pack);
  };
}
