/** How a picture comes in: choose, drop, paste, or a synthetic example. */
import { byId, create, onChange } from '../dom.js';

/** @param {import('../session.js').Session} session */
export function bindSources(session) {
  const [block, note, input, phantoms, veil] = ['sources', 'image-note', 'file', 'phantoms', 'drop'].map(byId);

  /** @param {FileList | undefined} files */
  function take(files) {
    if (files?.length) session.open({ file: files[0] }, files[0].name);
    else session.refuse('Nothing was opened', 'That was not a file. Save the image first, then drop the file here.');
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
      button.title = finding ? `${title}, synthetic: drawn to show ${finding}` : `${title}, synthetic`;
      button.append(canvas, create('span', title, 'phantom-name'), create('span', 'synthetic', 'tag'));
      button.addEventListener('click', () => session.openExample(example));
      phantoms.append(button);
      session.preview(params, canvas);
    }
  });

  return (/** @type {import('../state.js').State} */ { picture, wanted, phantoms: list }) => {
    block.toggleAttribute('data-empty', !picture && !wanted);
    const words = picture && [picture.name, 'file' in picture.source && `${picture.width} × ${picture.height}`, picture.note].filter(Boolean).join(' · ');
    note.textContent = wanted && !picture ? `${wanted.name} · opens as soon as the program is ready` : words ?? '';
    note.title = note.textContent;
    drawPhantoms(list);
  };
}
