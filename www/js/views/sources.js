/** How a picture comes in: choose, drop, paste, or a synthetic example. */
import { byId, create, onChange } from '../dom.js';
import { exampleTitle, glossOf, programText, say, t, tell } from '../i18n.js';

/** @param {import('../session.js').Session} session */
export function bindSources(session) {
  const [block, note, input, phantoms, veil] = ['sources', 'image-note', 'file', 'phantoms', 'drop'].map(byId);

  /** @param {FileList | undefined} files */
  function take(files) {
    if (files?.length) session.open({ file: files[0] }, files[0].name);
    else session.refuse({ key: 'sources.nothing' }, { key: 'sources.noFile' });
  }

  input.addEventListener('change', () => {
    if (input.files.length) take(input.files);
    input.value = ''; // the same file may be chosen again
  });
  addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData?.files.length) take(clipboardData.files);
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener('dragleave', ({ relatedTarget }) => { veil.hidden = !relatedTarget; });
  addEventListener('drop', (event) => {
    event.preventDefault();
    veil.hidden = true;
    take(event.dataTransfer?.files);
  });

  const drawPhantoms = onChange((/** @type {import('../state.js').State['phantoms']} */ list) => {
    if (!list.length || phantoms.querySelector('button')) return;
    phantoms.hidden = false;
    for (const example of list) {
      const { name, title, finding, params } = example;
      const button = create('button', undefined, 'phantom');
      const canvas = /** @type {HTMLCanvasElement} */ (create('canvas'));
      button.type = 'button';
      button.dataset.testid = 'phantom-button';
      button.dataset.phantom = name;
            button.append(canvas, create('span', undefined, 'phantom-name'), say(create('span', undefined, 'tag'), 'sources.syntheticTag'));
      button.addEventListener('click', () => session.openExample(example));
      phantoms.append(button);
      button.dataset.title = title;
      button.dataset.shows = finding ?? '';
      session.preview(params, canvas);
    }
  });

  const nameExamples = onChange((/** @type {unknown} */ _list) => {
    for (const button of phantoms.querySelectorAll('button')) {
      const { title, shows: finding } = button.dataset;
      const name = exampleTitle(button.dataset.phantom, title);
      button.querySelector('.phantom-name').textContent = name;
      button.title = finding ? t('sources.drawnFor', { name, finding: glossOf(finding) || finding }) : t('sources.synthetic', { name });
    }
  });

  return (/** @type {import('../state.js').State} */ { picture, wanted, phantoms: list }) => {
    block.toggleAttribute('data-empty', !picture && !wanted);
    const words = picture && [tell(picture.name), 'file' in picture.source && `${picture.width} × ${picture.height}`, programText(picture.note ?? '')].filter(Boolean).join(' · ');
    note.textContent = wanted && !picture ? t('sources.waits', { name: tell(wanted.name) }) : words ?? '';
    note.title = note.textContent;
    drawPhantoms(list);
    nameExamples(list);
  };
}
