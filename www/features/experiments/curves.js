/** Insertion and deletion: how the score falls and rises with the patches that the map puts first. They run only when a person asks for them. */
import { phase } from '../../core/derived.js';
import { byId, createSvg, onChange } from '../../core/dom.js';
import { curvesKey } from '../../core/experiments.js';
import { percent, t } from '../../core/i18n.js';
import { duration, signed } from '../../core/words.js';
import { answerInWords } from './answer.js';
import { createAxis, createLabel, createStrip, placeOn } from './strip.js';

const [TOP, BOTTOM, HEIGHT] = [28, 208, 236]; // of the figure
const NAMES = /** @type {const} */ (['deletion', 'insertion']);

/** Logits over the share of patches. @param {import('carzero').CurvesReport} report */
function createFigure(report) {
  const all = NAMES.flatMap((name) => report[name].map(({ logit }) => logit));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (/** @type {number} */ logit) => BOTTOM - ((logit - low) / (high - low || 1)) * (BOTTOM - TOP);
  const ends = Object.fromEntries(
    NAMES.flatMap((name) => {
      const logits = report[name].map(({ logit }) => signed(logit));
      return [
        [`${name}From`, logits[0]],
        [`${name}To`, logits.at(-1) ?? ''],
      ];
    }),
  );
  const range = t('steps.range', { low: signed(low), high: signed(high) });
  const figure = createStrip(HEIGHT, t('curves.figure', ends));
  figure.append(createAxis(BOTTOM));
  for (const name of NAMES) {
    const curve = report[name];
    const points = curve.map(({ logit }, i) => `${placeOn(i, 0, curve.length - 1)},${y(logit)}`);
    figure.append(createSvg('polyline', { points: points.join(' '), class: `curve ${name}` }));
  }
  figure.append(
    createLabel(placeOn(0, 0, 1), HEIGHT - 8, 'start', t('curves.share', { share: percent(0) })),
    createLabel(placeOn(1, 0, 1), HEIGHT - 8, 'end', t('curves.share', { share: percent(1) })),
    createLabel(placeOn(0, 0, 1), TOP - 6, 'start', t('figure.logit', { logit: range })),
  );
  return figure;
}

/** @param {import('carzero').CurvesReport} report */
const areasInWords = ({ deletionArea, insertionArea }) =>
  t('curves.areas', { deletion: signed(deletionArea), insertion: signed(insertionArea) });

/** @param {import('../../session.js').Session} session */
export function bindCurves(session) {
  const question = byId('curves-question');
  const take = byId('curves-take', HTMLButtonElement);
  const passes = byId('curves-passes');
  const progress = byId('curves-progress', HTMLProgressElement);
  const figure = byId('curves-figure');
  const legend = byId('curves-legend');
  const result = byId('curves-result');

  take.addEventListener('click', () => session.experiments.takeCurves(!session.state.experiments.curvesRun));

  const draw = onChange((/** @type {import('carzero').CurvesReport | undefined} */ report) => {
    figure.replaceChildren(...(report ? [createFigure(report)] : []));
    legend.hidden = !report;
    result.textContent = report ? areasInWords(report) : '';
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, map, encodeMs } = state;
    question.textContent = t('curves.question', { map: t(`map.${map.kind}`) });
    const answer = experiments.curves.get(curvesKey(state));
    const begun = answer && !('error' in answer) ? answer : null;
    draw(begun?.report);
    const isOpen = begun !== null && !begun.report;
    take.hidden = !isOpen;
    progress.hidden = !(isOpen && (experiments.curvesRun || begun.done > 0));
    passes.textContent = answerInWords(phase(state) === 'done' ? answer : undefined, () => '');
    if (!isOpen) return;
    const time = duration((encodeMs ?? 0) * (begun.passes - begun.done));
    take.textContent = experiments.curvesRun
      ? t('curves.stop')
      : t(begun.done ? 'curves.goOn' : 'curves.take', { passes: begun.passes - begun.done, time });
    Object.assign(progress, { max: begun.passes, value: begun.done });
    if (!progress.hidden) passes.textContent = t('look.progress', { done: begun.done, passes: begun.passes });
  };
}
