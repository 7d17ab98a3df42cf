/** The card of model and device, and what About says of the model. */
import { byId, create, onChange } from '../../core/dom.js';
import { KINDS, folderInWords, modelText, number, t, tell } from '../../core/i18n.js';
import { DEFAULT_MODEL } from '../../core/folders.js';
import { DEVICES } from '../../core/preference.js';
import { megabytes, viewInWords } from '../../core/words.js';
import { weightsOf } from './words.js';

/** Whether the weights could not be stored. @param {import('../../core/i18n.js').Message} weights */
const isNotKept = (weights) => typeof weights === 'object' && 'key' in weights && Boolean(weights.values?.trouble);

/** Whether the folder is there when the page is opened again. @param {import('../../core/folders.js').Folder} folder */
const isHere = (folder) => folder.kind === 'site' || folder.where === 'browser';

/** @param {[string, string][]} facts */
const definitions = (facts) => facts.flatMap(([term, text]) => [create('dt', term), create('dd', text)]);

/** @param {import('../../session.js').Session} session */
export function bindCard(session) {
  const modelTitle = byId('model-title');
  const facts = byId('model-facts');
  const source = byId('model-source');
  const device = byId('device', HTMLFieldSetElement);
  const reason = byId('device-reason');
  const offline = byId('offline');
  const docs = byId('model-docs');
  const aboutModel = byId('about-model');
  const credits = byId('credits');

  device.addEventListener('change', ({ target }) => {
    const wanted = DEVICES.find((name) => target instanceof HTMLInputElement && name === target.value);
    if (wanted) session.model.setPreference(wanted);
  });

  const drawInfo = onChange((/** @type {import('../../worker/jobs.js').ModelInfo | null} */ info) => {
    if (!info) return;
    modelTitle.textContent = info.title;
    facts.replaceChildren(
      ...definitions([
        [t('model.version'), info.version],
        [
          t('model.size'),
          t('model.sizeText', {
            parameters: number(info.parameters, { notation: 'compact', maximumFractionDigits: 1 }),
            precision: info.precision,
            megabytes: megabytes(info.bytes),
          }),
        ],
        [t('model.license'), info.license],
        [t('model.view'), viewInWords(info)],
        [t('model.device'), `${KINDS[info.device.kind]}, ${info.device.name}`],
      ]),
    );
    aboutModel.textContent = t('about.loaded', {
      title: info.title,
      version: info.version,
      license: info.license,
      megabytes: megabytes(info.bytes),
      folder: folderInWords(session.state.folder),
      view: viewInWords(info),
    });
    credits.replaceChildren(
      ...info.credits.map(({ what, who, license }) =>
        create('li', t('about.credit', { what: modelText(what), who, license: modelText(license) })),
      ),
    );
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    drawInfo(state.info);
    source.textContent = tell(weightsOf(state)) || t('weights.none');
    reason.textContent = tell(state.device?.reason ?? '');
    docs.hidden = state.folder.kind !== 'site' || state.folder.name !== DEFAULT_MODEL;
    offline.textContent =
      state.offline.kept && isHere(state.folder) && state.model === 'ready' && !isNotKept(state.weights)
        ? t('offline.ready')
        : t('offline.no');
    for (const radio of device.querySelectorAll('input')) radio.checked = radio.value === state.preference;
  };
}
