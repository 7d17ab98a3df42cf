/** Experiments on the selected finding: which parts of the model carry its score, and whether it rests on what the map shows. */
import { byId, create, createSvg, onChange, setOptions } from '../../core/dom.js';
import { phase } from '../../core/derived.js';
import { COVERS, auditKey, median, partsKey } from '../../core/experiments.js';
import { nameOf, t } from '../../core/i18n.js';
import { standingInWords } from '../../core/wording.js';
import { cautions, signed, standing } from '../../core/words.js';
import { bindHeads } from './heads.js';
import { SIDE, drawSeen } from './seen.js';
import { bindWordings } from './wording.js';

const STRIP = { width: 640, height: 96, margin: 16 };

/** @param {import('carzero').Part} part */
function partInWords(part) {
  if (part.code === 'without-head') return t('part.without-head', { head: part.head + 1, layer: part.layer + 1 });
  if (part.code === 'without-layer') return t('part.without-layer', { layer: part.layer + 1 });
  return t(`part.${part.code}`);
}

/** @param {import('carzero').Ablated} ablated @param {number | undefined} whole Percentile */
function createPart({ part, logit, percentile }, whole) {
  const row = create('li', undefined, 'part');
  const [track, fill, mark] = ['part-track', 'part-fill', 'part-mark'].map((name) => create('span', undefined, name));
  fill.style.setProperty('width', `${percentile ?? 0}%`);
  mark.style.setProperty('left', `${whole ?? 0}%`);
  track.append(fill, mark);
  track.hidden = percentile === undefined;
  row.dataset.part = part.code;
  row.append(
    create('span', partInWords(part)),
    track,
    create('span', percentile === undefined ? '' : standing(percentile), 'part-value'),
    create('span', signed(logit), 'part-value small'),
  );
  return row;
}

/** The part whose percentile is farthest from the whole's. @param {import('carzero').Ablated[]} parts */
function mostMoved([whole, ...others]) {
  const { percentile: from } = whole;
  if (from === undefined) return '';
  const apart = (/** @type {import('carzero').Ablated} */ { percentile = from }) => Math.abs(percentile - from);
  const most = others.reduce((one, two) => (apart(two) > apart(one) ? two : one));
  const [before, after] = [from, most.percentile ?? from].map(standing);
  if (before === after) return '';
  const part = partInWords(most.part).replace(/^./u, (letter) => letter.toLowerCase()); // within a sentence
  const without = most.part.code === 'without-head' || most.part.code === 'without-layer';
  return t(without ? 'parts.mostWithout' : 'parts.mostAlone', { part, from: before, to: after });
}

/** Logits on a line: of the image as it is, with the map's place covered, and with others covered. @param {import('carzero').AuditReport} report */
function createStrip({ whole, covered, controls }) {
  const { width, height, margin } = STRIP;
  const all = [whole, covered, ...controls].map(({ logit }) => logit);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (/** @type {number} */ logit) => margin + ((logit - low) / (high - low || 1)) * (width - 2 * margin);
  const label = t('look.figure', {
    whole: signed(whole.logit),
    covered: signed(covered.logit),
    low: signed(Math.min(...controls.map(({ logit }) => logit))),
    high: signed(Math.max(...controls.map(({ logit }) => logit))),
  });
  const figure = createSvg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': label,
    class: 'strip',
  });
  const axis = height - 34;
  const text = (/** @type {number} */ at, /** @type {string} */ anchor, /** @type {string} */ words) => {
    const element = createSvg('text', { x: at, y: height - 10, 'text-anchor': anchor });
    element.textContent = words;
    return element;
  };
  figure.append(
    createSvg('line', { x1: margin, x2: width - margin, y1: axis, y2: axis, class: 'strip-axis' }),
    createSvg('line', { x1: x(whole.logit), x2: x(whole.logit), y1: 8, y2: axis + 8, class: 'strip-whole' }),
    ...controls.map(({ logit }, i) =>
      createSvg('circle', { cx: x(logit), cy: axis - 10 - 7 * (i % 5), r: 4, class: 'strip-control' }),
    ),
    createSvg('circle', { cx: x(covered.logit), cy: axis, r: 8, class: 'strip-covered' }),
    text(margin, 'start', signed(low)),
    text(width - margin, 'end', signed(high)),
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
export function bindExperiments(session) {
  const opener = byId('experiments-open', HTMLButtonElement);
  const dialog = byId('experiments', HTMLDialogElement);
  const subject = byId('experiments-subject');
  const warnings = byId('experiments-warnings');
  const list = byId('parts-list');
  const most = byId('parts-most');
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
  const drawHeads = bindHeads(session);
  const drawWordings = bindWordings(session);

  opener.addEventListener('click', () => {
    dialog.showModal();
    session.experiments.show(true);
  });
  dialog.addEventListener('close', () => session.experiments.show(false));
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
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

  const drawParts = onChange((/** @type {import('carzero').Ablated[] | {error: string} | undefined} */ parts) => {
    if (!parts || 'error' in parts) {
      list.replaceChildren();
      most.textContent = parts ? t('why.failed', { message: parts.error }) : t('experiments.working');
      return;
    }
    list.replaceChildren(...parts.map((part) => createPart(part, parts[0].percentile)));
    most.textContent = mostMoved(parts);
  });

  const drawReport = onChange((/** @type {import('carzero').AuditReport} */ report) => {
    const values = { controls: report.controls.length, asMuch: report.asMuch };
    drawRegion(session.state, report.region);
    figure.replaceChildren(createStrip(report));
    conclusion.textContent = t(`look.${report.conclusion}`, values);
    looks.textContent =
      report.looks === 'unfamiliar' || report.looks === 'unusual' ? t(`look.looks.${report.looks}`) : '';
    standings.replaceChildren(...standingsOf(report));
  });

  const drawWarnings = onChange((/** @type {import('../../core/state.js').Picture} */ picture) =>
    warnings.replaceChildren(...cautions(picture).map((line) => create('p', line))),
  );

  const drawCovers = onChange((/** @type {string} */ chosen) => {
    setOptions(
      cover,
      COVERS.map((value) => ({ value, text: t(`cover.${value}`) })),
    );
    cover.value = chosen;
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, selected } = state;
    if (!experiments.open) return;
    if (!selected || !state.picture) return dialog.close();
    subject.textContent = t('experiments.subject', {
      finding: nameOf(selected),
      sentence: state.scores.get(selected)?.sentence ?? '',
    });
    drawWarnings(state.picture);
    drawCovers(experiments.cover);
    const waits = phase(state) !== 'done';
    drawParts(experiments.parts.get(partsKey(state)));
    drawHeads(state);
    drawWordings(state);
    const audit = experiments.audits.get(auditKey(state));
    question.textContent = t('look.question', { map: t(`map.${state.map.kind}`) });
    const failed = audit && 'error' in audit ? audit : null;
    const running = audit && !('error' in audit) ? audit : null;
    result.hidden = !running?.report;
    progress.hidden = Boolean(running?.report || failed);
    if (running) Object.assign(progress, { max: running.passes, value: running.done });
    else progress.removeAttribute('value');
    passes.textContent = failed
      ? t('why.failed', { message: failed.error })
      : running?.report
        ? ''
        : waits || !running
          ? t('experiments.working')
          : t('look.progress', { done: running.done, passes: running.passes });
    if (running?.report) drawReport(running.report);
  };
}
