/** One finding: its curves, a threshold, and the images that it calls present or absent. */
import { figure } from '../../core/figures.js';
import { byId, closest, create, findAll, focusFirst, onChange, setOptions, showName } from '../../core/dom.js';
import { number, plural, t } from '../../core/i18n.js';
import { curvesOf } from './curves.js';
import { decisionInWords, findingInWords } from './words.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

const LISTED = 60; // images; more would be no list to look through

/** @param {import('../../session.js').Session} session */
export function bindFinding(session) {
  const choice = byId('evaluate-finding', HTMLSelectElement);
  const figures = byId('evaluate-curves');
  const slider = byId('evaluate-slider', HTMLInputElement);
  const value = byId('evaluate-value');
  const said = byId('evaluate-decision');
  const cells = findAll(document, '.evaluate-matrix button', HTMLButtonElement);
  const title = byId('evaluate-images-title');
  const images = byId('evaluate-images');
  const more = byId('evaluate-more');
  const back = byId('evaluate-back', HTMLButtonElement);

  choice.addEventListener('change', () => session.evaluation.select(choice.value));
  slider.addEventListener('input', () => {
    const threshold = session.state.evaluation?.curves?.scores[Number(slider.value)];
    if (threshold !== undefined) session.evaluation.decide(threshold);
  });
  back.addEventListener('click', () => {
    session.evaluation.show(true);
    const { viewed } = session.state.evaluation ?? {};
    const buttons = findAll(images, 'button', HTMLButtonElement).filter(({ dataset }) => dataset.image === viewed);
    requestAnimationFrame(() => focusFirst(...buttons)); // once the dialog is open
  });
  for (const cell of cells)
    cell.addEventListener('click', () =>
      session.evaluation.showCell(/** @type {import('../../core/evaluation.js').Cell} */ (cell.dataset.cell)),
    );
  images.addEventListener('click', (event) => {
    const image = closest(event, 'button')?.dataset.image;
    if (image === undefined) return;
    session.evaluation.view(image);
    requestAnimationFrame(() => focusFirst(back)); // once it is on show
  });

  const drawChoice = onChange(
    (/** @type {Evaluation['report']} */ report, /** @type {Evaluation['asked']} */ _asked) => {
      const { evaluation } = session.state;
      if (!evaluation) return;
      const options = (report?.findings ?? []).map(({ name }) => ({
        value: name,
        text: findingInWords(evaluation, name),
      }));
      setOptions(choice, options);
    },
  );

  const drawCurves = onChange(
    (/** @type {Evaluation['curves']} */ curves, /** @type {Evaluation['decision']} */ decision) => {
      const { report, finding } = session.state.evaluation ?? {};
      const found = report?.findings.find(({ name }) => name === finding);
      if (!curves || !found) return;
      figures.replaceChildren(
        ...curvesOf(curves, found, decision).map(([name, drawn]) => {
          const part = create('figure');
          part.append(drawn, create('figcaption', name));
          return part;
        }),
      );
    },
  );

  const drawDecision = onChange(
    (/** @type {Evaluation['decision']} */ decision, /** @type {Evaluation['cell']} */ shown) => {
      if (!decision) return;
      const { curves } = session.state.evaluation ?? {};
      const words = decisionInWords(decision);
      const scores = curves?.scores ?? [];
      slider.max = String(Math.max(0, scores.length - 1));
      slider.value = String(scores.findIndex((score) => score >= decision.threshold));
      slider.setAttribute('aria-valuetext', figure(decision.threshold));
      value.textContent = figure(decision.threshold);
      said.textContent = words;
      for (const cell of cells) {
        const kind = /** @type {import('../../core/evaluation.js').Cell} */ (cell.dataset.cell);
        cell.textContent = number(decision.counts[kind]);
        cell.setAttribute('aria-pressed', String(kind === shown));
        cell.setAttribute('aria-label', `${t(`evaluate.cell.${kind}`)}: ${cell.textContent}`);
      }
      title.textContent = t(`evaluate.cell.${shown}`);
      const names = decision.images[shown];
      images.replaceChildren(
        ...names.slice(0, LISTED).map((name) => {
          const [item, open] = [create('li'), create('button', undefined, 'outline')];
          Object.assign(open, { type: 'button', title: name });
          open.dataset.image = name;
          showName(open, name);
          item.append(open);
          return item;
        }),
      );
      more.textContent = !names.length
        ? t('evaluate.noImages')
        : names.length > LISTED
          ? plural('evaluate.moreImages', names.length - LISTED)
          : '';
    },
  );

  return (/** @type {Evaluation} */ { report, asked, finding, curves, decision, cell }) => {
    drawChoice(report, asked);
    choice.value = finding;
    drawCurves(curves, decision);
    drawDecision(decision, cell);
  };
}
