/** Whether the score rests on the place that the map shows: it is covered, and for comparison other places, with one pass over the image each. */
import { byId, create, createSvg, onChange, setOptions } from '../../core/dom.js';
import { phase } from '../../core/derived.js';
import { COVERS, auditKey, median } from '../../core/experiments.js';
import { t } from '../../core/i18n.js';
import { standingInWords } from '../../core/wording.js';
import { signed } from '../../core/words.js';
import { SIDE, drawSeen } from './seen.js';
import { createAxis, createLabel, createStrip, placeOn } from './strip.js';

const HEIGHT = 96; // of the figure

/** Logits on a line: of the image as it is, with the map's place covered, and with others covered. @param {import('carzero').AuditReport} report */
function createLogits({ whole, covered, controls }) {
  const others = controls.map(({ logit }) => logit);
  const all = [whole.logit, covered.logit, ...others];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (/** @type {number} */ logit) => placeOn(logit, low, high);
  const label = t('look.figure', {
    whole: signed(whole.logit),
    covered: signed(covered.logit),
    low: signed(Math.min(...others)),
    high: signed(Math.max(...others)),
  });
  const axis = HEIGHT - 34;
  const figure = createStrip(HEIGHT, label);
  figure.append(
    createAxis(axis),
    createSvg('line', { x1: x(whole.logit), x2: x(whole.logit), y1: 8, y2: axis + 8, class: 'strip-whole' }),
    ...others.map((logit, i) =>
      createSvg('circle', { cx: x(logit), cy: axis - 10 - 7 * (i % 5), r: 4, class: 'strip-control' }),
    ),
    createSvg('circle', { cx: x(covered.logit), cy: axis, r: 8, class: 'strip-covered' }),
    createLabel(x(low), HEIGHT - 10, 'start', signed(low)),
    createLabel(placeOn(1, 0, 1), HEIGHT - 10, 'end', signed(high)),
  );
  return figure;
}

/** @param {import('carzero').AuditReport} report @returns {HTMLElement[]} */
function standingsOf({ whole, covered, controls, kept, shuffled }) {
  const both = (/** @type {import('carzero').Standing} */ of) => `${standingInWords(of)} · ${signed(of.logit)}`;
  const rows = [
    ['whole', both(whole)],
    ['covered', both(covered)],
    ['controls', signed(median(controls.map(({ logit }) => logit)))],
    ['kept', both(kept)],
    ['shuffled', both(shuffled)],
  ];
  return rows.flatMap(([name, text]) => [create('dt', t(`look.${name}`)), create('dd', text)]);
}

/** @param {import('../../session.js').Session} session */
export function bindLook(session) {
  const cover = byId('look-cover', HTMLSelectElement);
  const question = byId('look-question');
  const progress = byId('look-progress', HTMLProgressElement);
  const passes = byId('look-passes');
  const result = byId('look-result');
  const region = byId('look-region', HTMLCanvasElement);
  const figure = byId('look-figure');
  const conclusion = byId('look-conclusion');
  const looks = byId('look-looks');
  const standings = byId('look-standings');

  cover.addEventListener('change', () => {
    const chosen = COVERS.find((name) => name === cover.value);
    if (chosen) session.experiments.coverWith(chosen);
  });

  /** The region's patches, on what the model sees. @param {import('../../core/state.js').State} state @param {number[]} patches */
  function drawRegion(state, patches) {
    const context = drawSeen(region, state);
    if (!context || !state.info) return;
    const { mapSide } = state.info;
    const cell = SIDE / mapSide;
    context.fillStyle = 'rgb(255 176 32 / 55%)';
    for (const patch of patches)
      context.fillRect((patch % mapSide) * cell, Math.floor(patch / mapSide) * cell, cell, cell);
  }

  const drawReport = onChange((/** @type {import('carzero').AuditReport} */ report) => {
    const values = { controls: report.controls.length, asMuch: report.asMuch };
    drawRegion(session.state, report.region);
    figure.replaceChildren(createLogits(report));
    conclusion.textContent = t(`look.${report.conclusion}`, values);
    looks.textContent =
      report.looks === 'unfamiliar' || report.looks === 'unusual' ? t(`look.looks.${report.looks}`) : '';
    standings.replaceChildren(...standingsOf(report));
  });

  const drawCovers = onChange((/** @type {string} */ chosen) => {
    setOptions(
      cover,
      COVERS.map((value) => ({ value, text: t(`cover.${value}`) })),
    );
    cover.value = chosen;
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, map } = state;
    drawCovers(experiments.cover);
    question.textContent = t('look.question', { map: t(`map.${map.kind}`) });
    const audit = experiments.audits.get(auditKey(state));
    const failed = audit && 'error' in audit ? audit : null;
    const running = audit && !('error' in audit) ? audit : null;
    const report = running?.report;
    result.hidden = !report;
    progress.hidden = Boolean(report || failed);
    if (running) Object.assign(progress, { max: running.passes, value: running.done });
    else progress.removeAttribute('value');
    const said = () =>
      phase(state) === 'done' && running
        ? t('look.progress', { done: running.done, passes: running.passes })
        : t('experiments.working');
    passes.textContent = failed ? t('why.failed', { message: failed.error }) : report ? '' : said();
    if (report) drawReport(report);
  };
}
