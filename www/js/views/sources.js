/** How pictures come in: choose, drop or paste files and folders, or a synthetic example. */
import { byId, create, onChange } from '../dom.js';
import { diskFolder } from '../folders.js';
import { FILES_MAX, filesFromList, filesFromTransfer, imagesOf } from '../series/files.js';

/** @param {import('../session.js').Session} session */
export function bindSources(session) {
  const [block, note, input, folder, phantoms, veil] = ['sources', 'image-note', 'file', 'folder', 'phantoms', 'drop'].map(byId);

  /** @param {import('../series/files.js').Named[]} files */
  function take(files) {
    const model = diskFolder(files);
    if (model) return session.chooseModel(model);
    const images = files.length > 1 || files[0]?.name.includes('/') ? imagesOf(files) : files;
    if (images.length > FILES_MAX) session.refuse('Nothing was opened', `A series has ${FILES_MAX} images at most.`);
    else if (images.length > 1) session.series.open(images);
    else if (images.length) session.openFile(images[0].file, images[0].name);
    else if (files.length) session.refuse('Nothing was opened', 'There is no image in this folder.');
    else session.refuse('Nothing was opened', 'That was not a file. Save the image first, then drop the file here.');
  }

  for (const chooser of [input, folder]) {
    chooser.addEventListener('change', () => {
      if (chooser.files.length) take(filesFromList(chooser.files));
      chooser.value = ''; // the same file may be chosen again
    });
  }
  addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData?.files.length) take(filesFromList(clipboardData.files));
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener('dragleave', ({ relatedTarget }) => { veil.hidden = !relatedTarget; });
  addEventListener('drop', async (event) => {
    event.preventDefault();
    veil.hidden = true;
    try {
      take(await filesFromTransfer(event.dataTransfer));
    } catch (error) {
      session.refuse('Nothing was opened', `The folder could not be read: ${error.message}`);
    }
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
