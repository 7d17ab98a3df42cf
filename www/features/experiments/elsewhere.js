/** The same sentence on other images: synthetic ones, and for a synthetic chest itself without each of its findings. */
import { byId, create, onChange } from '../../core/dom.js';
import { othersOf, partsKey } from '../../core/experiments.js';
import { exampleTitle, nameOf, t } from '../../core/i18n.js';
import { standingInWords } from '../../core/wording.js';
import { answerInWords, known } from './answer.js';
import { createBar } from './bar.js';
import { bindKinds } from './kinds.js';

/** @typedef {import('../../core/experiments.js').Elsewhere} Elsewhere */
/** @typedef {import('../../core/experiments.js').Other} Other */

/** @param {Other} other @param {import('../../core/state.js').State} state */
function otherInWords({ name, without }, { phantoms }) {
  if (without) return t('elsewhere.withoutName', { finding: nameOf(without) });
  return t('sources.synthetic', { name: exampleTitle(name, phantoms.find((one) => one.name === name)?.title ?? name) });
}

/** @param {import('../../session.js').Session} session */
export function bindElsewhere(session) {
  const list = byId('elsewhere-list');
  const result = byId('elsewhere-result');
  const drawKinds = bindKinds(session);

  const draw = onChange(
    (
      /** @type {(Elsewhere | {error: string})[] | undefined} */ done,
      /** @type {import('../../core/state.js').Score | undefined} */ own,
    ) => {
      const others = othersOf(session.state);
      const tried = (done ?? []).map((answer, i) => ({ other: others[i], answer, told: known(answer) }));
      const rows = tried.flatMap(({ other, told }) =>
        told ? [createBar(create('span', otherInWords(other, session.state)), told, own?.percentile)] : [],
      );
      list.replaceChildren(
        ...(own ? [createBar(create('span', t('elsewhere.this')), own, own.percentile), ...rows] : []),
      );
      list.firstElementChild?.setAttribute('data-part', 'whole');
      const said = tried.flatMap(({ other: { without }, told }) =>
        own && told && without
          ? t('elsewhere.without', { finding: nameOf(without), from: standingInWords(own), to: standingInWords(told) })
          : [],
      );
      const failed = tried.find(({ told }) => !told);
      if (failed) said.push(answerInWords(failed.answer, () => ''));
      if (tried.length < others.length) said.push(answerInWords(undefined, () => ''));
      result.textContent = said.join(' ');
      const at = others.findIndex(({ name, without }) => without || name === 'normal');
      drawKinds(own, tried[at]?.told ?? null, at < 0 ? '' : otherInWords(others[at], session.state));
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) =>
    draw(state.experiments.elsewhere.get(partsKey(state)), state.scores.get(state.selected));
}
