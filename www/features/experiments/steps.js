/** Step by step: from the sentence to its score, through the numbers that were computed. */
import { byId, onChange } from '../../core/dom.js';
import { keyOf } from '../../core/explanation.js';
import { number, t } from '../../core/i18n.js';
import { standingInWords } from '../../core/wording.js';
import { signed } from '../../core/words.js';
import { answerInWords, known } from './answer.js';
import { createAttended } from './attended.js';
import { createVectors, rowsOf } from './vectors.js';
import { bindWalk } from './walk.js';

/** @typedef {import('carzero').Explanation} Explanation */

/** The rows of the two directions of attention, by name. @param {Float32Array} values @returns {[string, Float32Array][]} */
function bothRows(values) {
  const [i2t, t2i] = rowsOf(values, 2);
  return [
    [t('steps.i2t'), i2t],
    [t('steps.t2i'), t2i],
  ];
}

/** @param {Explanation} explanation @param {import('../../core/state.js').Score} score */
function sumInWords({ i2t, t2i, logit }, score) {
  const [one, two, mean] = [i2t, t2i, logit].map((value) => signed(value, 3));
  const sum = t('steps.sum', { i2t: one, t2i: two, logit: mean });
  return score.percentile === undefined ? sum : `${sum} ${t('steps.stands', { standing: standingInWords(score) })}`;
}

/** @param {import('../../session.js').Session} session */
export function bindSteps(session) {
  const status = byId('steps-status');
  const body = byId('steps-body');
  const counted = byId('steps-counted');
  const vectors = byId('steps-vectors');
  const attended = byId('steps-attended', HTMLTableElement);
  const fused = byId('steps-fused');
  const hidden = byId('steps-hidden');
  const sum = byId('steps-sum');
  const drawWalk = bindWalk(session);

  const draw = onChange(
    (
      /** @type {Explanation | {error: string} | undefined} */ answer,
      /** @type {import('../../core/state.js').Score | undefined} */ score,
    ) => {
      const told = score ? known(answer) : null;
      status.textContent = answerInWords(answer, () => '');
      body.hidden = !told;
      if (!told || !score) return;
      drawWalk(told, score.attention);
      const named = told.words.map((word) => `“${word}”`);
      const rows = rowsOf(told.wordVectors, named.length);
      counted.textContent = t('steps.counted', { count: number(told.textVector.length) });
      vectors.replaceChildren(
        ...createVectors([
          ...named.map((name, i) => /** @type {[string, Float32Array]} */ ([name, rows[i]])),
          [t('steps.wholeText'), told.textVector],
          [t('steps.wholeImage'), told.imageVector],
        ]),
      );
      attended.replaceChildren(...createAttended(told));
      fused.replaceChildren(...createVectors(bothRows(told.fused)));
      hidden.replaceChildren(...told.hidden.flatMap((layer) => createVectors(bothRows(layer))));
      sum.textContent = sumInWords(told, score);
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { explanations, picture, scores, selected } = state;
    draw(picture ? explanations.get(keyOf(picture.id, selected)) : undefined, scores.get(selected));
  };
}
