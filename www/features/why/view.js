/** Why a finding scores as it does: its sentence's words, what the image makes of them, and where each would look. */
import { byId, onChange, setOptions } from '../../core/dom.js';
import { phase } from '../../core/derived.js';
import { ALL, keyOf } from '../../core/explanation.js';
import { t } from '../../core/i18n.js';
import { explanationOf } from '../../core/map.js';
import { bindPatch } from './patch.js';
import { bindWords } from './words.js';

/** @param {number} count @param {(number: number) => string} name */
const optionsOf = (count, name) => [
  { value: String(ALL), text: t('why.mean') },
  ...Array.from({ length: count }, (_, i) => ({ value: String(i), text: name(i + 1) })),
];

/** @param {import('../../session.js').Session} session */
export function bindWhy(session) {
  const why = byId('why', HTMLDetailsElement);
  const status = byId('why-status');
  const body = byId('why-body');
  const layer = byId('why-layer', HTMLSelectElement);
  const head = byId('why-head', HTMLSelectElement);
  const actions = session.why;
  const drawWords = bindWords(session);
  const drawPatch = bindPatch(session);

  why.addEventListener('toggle', () => actions.open(why.open));
  layer.addEventListener('change', () => actions.choose({ layer: Number(layer.value) }));
  head.addEventListener('change', () => actions.choose({ head: Number(head.value) }));

  const drawChoices = onChange((/** @type {number} */ layers, /** @type {number} */ heads) => {
    setOptions(
      layer,
      optionsOf(layers, (number) => t('why.layerOption', { number })),
    );
    setOptions(
      head,
      optionsOf(heads, (number) => t('why.headOption', { number })),
    );
  });

  /** @param {import('../../core/state.js').State} state */
  function waitingFor({ explanations, scores, selected }) {
    const score = scores.get(selected);
    const answer = score && explanations.get(keyOf(score.picture, selected));
    if (answer && 'error' in answer) return t('why.failed', { message: answer.error });
    return t(phase(session.state) === 'done' ? 'why.working' : 'why.follows');
  }

  let drawnFor = '';
  return (/** @type {import('../../core/state.js').State} */ state) => {
    const {
      why: { open, choice, at },
      display,
      picture,
      selected,
    } = state;
    const explanation = open ? explanationOf(state) : undefined;
    const stale = open && !explanation && Boolean(picture?.fromLab) && drawnFor === selected; // in the lab the layout must not jump
    body.hidden = !explanation && !stale;
    body.toggleAttribute('data-stale', stale);
    status.textContent = explanation || stale || !open ? '' : waitingFor(state);
    const patch = drawPatch(explanation ? (at ?? display.cursor) : null, state);
    if (!explanation) return;
    drawnFor = selected;
    drawChoices(explanation.layers, explanation.heads);
    layer.value = String(choice.layer);
    head.value = String(choice.head);
    drawWords(explanation, patch, state);
  };
}
