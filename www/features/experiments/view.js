/** Experiments on the selected finding: what its score rests on, each in a part of the dialog. */
import { byId, create, find, onChange } from '../../core/dom.js';
import { nameOf, t } from '../../core/i18n.js';
import { cautions } from '../../core/words.js';
import { bindCurves } from './curves.js';
import { bindElsewhere } from './elsewhere.js';
import { bindHeads } from './heads.js';
import { bindLook } from './look.js';
import { bindObservations } from './observations.js';
import { bindParts } from './parts.js';
import { bindSides } from './sides.js';
import { bindSteps } from './steps.js';
import { bindTake } from './take.js';
import { bindWordings } from './wording.js';

/** @param {import('../../session.js').Session} session */
export function bindExperiments(session) {
  const opener = byId('experiments-open', HTMLButtonElement);
  const dialog = byId('experiments', HTMLDialogElement);
  const subject = byId('experiments-subject');
  const warnings = byId('experiments-warnings');
  const linked = byId('experiments-linked');
  const parts = [
    bindHeads(session),
    bindParts(),
    bindObservations(session),
    bindWordings(session),
    bindSides(),
    bindLook(session),
    bindElsewhere(session),
    bindCurves(session),
    bindSteps(session),
  ];

  bindTake(session);
  opener.addEventListener('click', () => session.experiments.show(true));
  dialog.addEventListener('close', () => session.experiments.show(false));
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });

  const drawWarnings = onChange(
    (
      /** @type {import('../../core/state.js').Picture} */ picture,
      /** @type {import('../../core/state.js').State['info']} */ info,
    ) => {
      const own =
        info?.ownImages === undefined ? [] : [t('experiments.ownPopulation', { population: info.population ?? '' })];
      warnings.replaceChildren(...[...cautions(picture), ...own].map((line) => create('p', line)));
    },
  );

  /** The title that a link leads to. It is kept in view while results above it arrive, until the person does something. @type {HTMLElement | null} */
  let followed = null;
  for (const type of ['wheel', 'pointerdown', 'keydown'])
    dialog.addEventListener(type, () => (followed = null), { passive: true });

  /** Says what a link leads to, while there is no image yet. */
  const drawLinked = onChange((/** @type {import('../../core/experiments.js').Experiment | null} */ wanted) => {
    linked.hidden = !wanted;
    linked.textContent = wanted ? t('experiments.linked', { title: titleOf(wanted).textContent ?? '' }) : '';
  });

  /** @param {import('../../core/experiments.js').Experiment} experiment */
  const titleOf = (experiment) => find(dialog, `[data-experiment="${experiment}"] h3`);

  /** @param {import('../../core/experiments.js').Experiment | null} at */
  function openAt(at) {
    dialog.showModal();
    followed = at ? titleOf(at) : null;
    if (!followed) return;
    followed.tabIndex = -1;
    followed.focus();
  }

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, selected } = state;
    drawLinked(experiments.wanted);
    if (!experiments.open) return;
    if (!selected || !state.picture) return dialog.close();
    if (!dialog.open) openAt(experiments.at);
    subject.textContent = t('experiments.subject', {
      finding: nameOf(selected),
      sentence: state.scores.get(selected)?.sentence ?? '',
    });
    drawWarnings(state.picture, state.info);
    for (const draw of parts) draw(state);
    followed?.scrollIntoView();
  };
}
