/** How pictures come in: choose, drop or paste files and folders, or a synthetic example. */
import { byId, create, find, onChange, showName } from '../../core/dom.js';
import { codedFrom } from '../../core/errors.js';
import { diskFolder } from '../../core/folders.js';
import { FILES_MAX, count, filesFromList, filesFromTransfer, sortOut } from '../../core/files.js';
import { exampleTitle, glossOf, say, t, tell } from '../../core/i18n.js';
import { leftInWords, noteInWords } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindSources(session) {
  const block = byId('sources');
  const note = byId('image-note');
  const input = byId('file', HTMLInputElement);
  const folder = byId('folder', HTMLInputElement);
  const phantoms = byId('phantoms');
  const veil = byId('drop');

  /** @param {import('../../core/files.js').Named[]} files */
  async function take(files) {
    if (session.state.model === 'empty')
      return session.notices.refuse({ key: 'sources.nothing' }, { key: 'forget.empty' });
    const model = diskFolder(files);
    if (model) return session.model.choose(model);
    if (session.conversion.take(files)) return;
    const { images, tables, left } =
      files.length > 1 || files[0]?.name.includes('/') ? await sortOut(files) : { images: files, tables: [], left: {} };
    const refuse = (/** @type {import('../../core/i18n.js').Message} */ why) =>
      session.notices.refuse({ key: 'sources.nothing' }, why);
    if (images.length > FILES_MAX) refuse({ key: 'sources.tooMany', values: { count: FILES_MAX } });
    else if (session.state.round && session.state.round.purpose !== 'one') refuse({ key: 'sources.inRound' });
    else if (images.length > 1 && session.state.round) refuse({ key: 'sources.oneInTeaching' });
    else if (images.length > 1) {
      session.series.open(images, left);
      if (tables.length) session.evaluation.begin(tables);
    } else if (images.length) session.picture.openFile(images[0].file, images[0].name);
    else
      refuse(
        files.length
          ? { key: 'sources.noImage', values: { left: leftInWords(tables.reduce((sum) => count(sum, 'CSV'), left)) } }
          : { key: 'sources.noFile' },
      );
  }

  for (const chooser of [input, folder]) {
    chooser.addEventListener('change', () => {
      const files = filesFromList(chooser.files);
      chooser.value = ''; // the same file may be chosen again
      if (files.length) setTimeout(take, 0, files); // the browser was busy with thousands of them already
    });
  }
  addEventListener('paste', ({ clipboardData }) => {
    if (clipboardData?.files.length) take(filesFromList(clipboardData.files));
  });
  addEventListener('dragover', (event) => {
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    veil.hidden = !relatedTarget;
  });
  addEventListener('drop', async (event) => {
    event.preventDefault();
    veil.hidden = true;
    try {
      await take(await filesFromTransfer(event.dataTransfer));
    } catch (error) {
      session.notices.refuse(
        { key: 'sources.nothing' },
        { key: 'sources.unread', values: { message: codedFrom(error).message } },
      );
    }
  });

  const drawPhantoms = onChange((/** @type {import('../../core/state.js').State['phantoms']} */ list) => {
    if (!list.length || phantoms.querySelector('button')) return;
    phantoms.hidden = false;
    const previews = list.map((example) => {
      const { name, title, finding, params } = example;
      const button = create('button', undefined, 'phantom');
      const canvas = /** @type {HTMLCanvasElement} */ (create('canvas'));
      button.type = 'button';
      button.dataset.testid = 'phantom-button';
      button.dataset.phantom = name;
      button.append(
        canvas,
        create('span', undefined, 'phantom-name'),
        say(create('span', undefined, 'tag'), 'sources.syntheticTag'),
      );
      button.addEventListener('click', () => session.picture.openExample(example));
      phantoms.append(button);
      button.dataset.title = title;
      button.dataset.shows = finding ?? '';
      return /** @type {[typeof params, HTMLCanvasElement]} */ ([params, canvas]);
    });
    session.picture.preview(previews);
  });

  const nameExamples = onChange((/** @type {unknown} */ _list) => {
    for (const button of phantoms.querySelectorAll('button')) {
      const { title = '', shows: finding } = button.dataset;
      const name = exampleTitle(button.dataset.phantom ?? '', title);
      find(button, '.phantom-name').textContent = name;
      button.title = finding
        ? t('sources.drawnFor', { name, finding: glossOf(finding) || finding })
        : t('sources.synthetic', { name });
    }
  });

  return (/** @type {import('../../core/state.js').State} */ { picture, wanted, phantoms: list }) => {
    block.toggleAttribute('data-empty', !picture && !wanted);
    const facts = picture
      ? [
          ...('file' in picture.source ? [`${picture.width} × ${picture.height}`] : []),
          ...picture.notes.map(noteInWords),
        ]
      : [];
    showName(
      find(note, '.middle'),
      wanted && !picture ? t('sources.waits', { name: tell(wanted.name) }) : picture ? tell(picture.name) : '',
    );
    find(note, '.rest').textContent = facts.map((fact) => ` · ${fact}`).join('');
    note.title = note.textContent;
    drawPhantoms(list);
    nameExamples(list);
  };
}
