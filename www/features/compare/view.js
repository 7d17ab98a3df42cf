/** The picture beside the viewer's, and the table of differences. */
import {
  findingBeside,
  isCompared,
  difference,
  differenceInWords,
  differences,
  isSame,
  overlayKeyBeside,
  pictureBeside,
  scoresBeside,
  stateBeside,
} from '../../core/beside.js';
import { byId, closest, contextOf, create, find, focusedIn, onChange, setOptions, showName } from '../../core/dom.js';
import { nameOf, t, tell } from '../../core/i18n.js';
import { rove } from '../../core/rove.js';
import { initialDisplay } from '../../core/state.js';
import { bindViewport } from '../../core/viewport/input.js';
import { Layers } from '../../core/viewport/layers.js';
import { Viewer } from '../../core/viewport/viewer.js';
import { marksOf, marksOfWords, placeWithZone } from '../../core/wording.js';
import { signed, standing } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindCompare(session) {
  const stage = byId('stage');
  const toggle = byId('compare-toggle', HTMLButtonElement);
  const bar = byId('compare-bar');
  const link = byId('compare-link', HTMLInputElement);
  const choice = byId('compare-finding', HTMLSelectElement);
  const viewport = byId('beside');
  const layers = byId('beside-layers');
  const picture = byId('beside-picture', HTMLCanvasElement);
  const map = byId('beside-map', HTMLCanvasElement);
  const unseen = byId('beside-unseen');
  const mirrored = byId('beside-mirrored');
  const labelA = byId('label-a');
  const labelB = byId('label-b');
  const section = byId('difference');
  const title = byId('difference-title');
  const note = byId('difference-note');
  const heads = byId('difference-heads');
  const body = byId('difference-rows');
  const actions = session.comparison;
  const viewer = new Viewer({
    // the display of B
    get state() {
      const { state } = session;
      return isCompared(state) ? stateBeside(state) : { ...state, picture: null };
    },
    show: (patch) => actions.show(patch),
    chooseTool: (tool) => session.display.chooseTool(tool),
    reset: () => actions.show(initialDisplay()),
  });
  const view = new Layers({ layers, picture, map, unseen });

  bindViewport(viewport, viewer, (size) => actions.setViewport(size));
  toggle.addEventListener('click', () => (session.state.compare ? actions.stop() : actions.start()));
  link.addEventListener('change', () => actions.link(link.checked));
  choice.addEventListener('change', () => actions.choose(choice.value));
  body.addEventListener('click', (event) => {
    const finding = closest(event, 'button')?.dataset.finding;
    if (finding) session.findings.select(finding);
  });

  const settleRows = rove(body, 'button', ['ArrowUp'], ['ArrowDown']);

  const drawChoices = onChange((/** @type {readonly string[]} */ findings, /** @type {boolean} */ same) => {
    const first = same ? [] : [{ value: '', text: t('compare.same') }];
    setOptions(choice, [...first, ...findings.map((value) => ({ value, text: nameOf(value) }))]);
  });

  const drawMap = onChange((/** @type {import('../../core/beside.js').Comparison['overlay']} */ overlay) => {
    if (!overlay) return;
    map.width = map.height = overlay.size;
    contextOf(map).putImageData(new ImageData(overlay.rgba, overlay.size), 0, 0);
  });

  /** @param {string} finding @param {string[]} values @param {boolean} chosen @param {string} marks Reasons to doubt the values */
  function createRow(finding, values, chosen, marks) {
    const [row, head, button] = [create('tr'), create('th'), create('button', nameOf(finding))];
    button.type = 'button';
    button.title = button.dataset.finding = finding;
    button.setAttribute('aria-pressed', String(chosen));
    head.scope = 'row';
    head.append(button, ...(marks ? [create('span', marks, 'near')] : []));
    row.dataset.testid = 'difference-row';
    row.append(head, ...values.map((value) => create('td', value)));
    return row;
  }

  /** @param {string[]} texts */
  const drawHeads = (texts) =>
    heads.replaceChildren(...texts.map((text) => Object.assign(create('th', text), { scope: 'col' })));

  const drawTable = onChange(
    (
      /** @type {object} */ _scores,
      /** @type {object} */ _beside,
      /** @type {string} */ selected,
      /** @type {string} */ finding,
      /** @type {readonly string[]} */ _findings,
      /** @type {boolean} */ same,
    ) => {
      const { state } = session;
      const focused = focusedIn(body, 'finding');
      if (same) {
        const [a, b] = [selected, finding].map((name) => state.scores.get(name));
        const between = difference('', a, b);
        title.textContent = t('compare.findings');
        note.textContent =
          between.unit === 'points'
            ? t('compare.findingsPoints', { points: differenceInWords(between) })
            : t('compare.findingsText');
        drawHeads([t('compare.finding'), t('compare.standing'), t('detail.logit')]);
        body.replaceChildren(
          ...[
            { letter: 'A', name: selected, mark: a },
            { letter: 'B', name: finding, mark: b },
          ].map(({ letter, name, mark }) => {
            const row = createRow(
              name,
              [mark?.percentile === undefined ? '–' : standing(mark.percentile), mark ? signed(mark.logit) : '…'],
              name === selected,
              marksOf(mark),
            );
            find(row, 'th').prepend(create('span', letter, 'letter'));
            return row;
          }),
        );
      } else if (isCompared(state)) {
        const all = differences(state);
        title.textContent = t('compare.images');
        note.textContent = t(
          all.some(({ unit }) => unit === 'logit') ? 'compare.imagesLogits' : 'compare.imagesPoints',
        );
        drawHeads([t('compare.finding'), 'A', 'B', 'A − B']);
        body.replaceChildren(
          ...all.map((each) =>
            createRow(
              each.finding,
              [each.a, each.b].map(placeWithZone).concat(differenceInWords(each)),
              each.finding === selected,
              marksOfWords(each.a ?? each.b),
            ),
          ),
        );
      }
      settleRows();
      if (focused)
        [...body.querySelectorAll('button')]
          .find((button) => button.dataset.finding === focused)
          ?.focus({ preventScroll: true });
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { selected, findings } = state;
    const on = isCompared(state);
    toggle.setAttribute('aria-pressed', String(on));
    toggle.disabled = Boolean(state.veiled) || state.round?.purpose === 'study' || (!on && !state.picture?.encoded);
    toggle.textContent = t(on ? 'compare.end' : 'compare.start');
    viewport.hidden = bar.hidden = section.hidden = labelA.hidden = !on;
    stage.toggleAttribute('data-compare', on);
    if (!on) return;
    const { compare } = state;
    const same = isSame(state);
    const finding = findingBeside(state);
    const beside = stateBeside(state);
    drawChoices(findings, same);
    choice.value = same ? finding : compare.finding;
    link.checked = compare.linked;
    for (const [label, letter, { name }, shown] of /** @type {const} */ ([
      [labelA, 'A', state.picture, selected],
      [labelB, 'B', pictureBeside(state), finding],
    ])) {
      const parts = [create('span', letter, 'letter'), create('span', nameOf(shown), 'pane-finding'), create('span')];
      showName(parts[2], tell(name));
      if (label.textContent !== parts.map((part) => part.textContent).join('')) label.replaceChildren(...parts);
    }
    viewport.dataset.tool = beside.tool;
    if (compare.viewport.width) view.draw(beside);
    mirrored.hidden = !beside.display.view.mirror;
    drawMap(compare.overlay);
    map.hidden = !state.map.on || !compare.overlay || compare.overlay.key !== overlayKeyBeside(state);
    map.style.setProperty('opacity', String(state.map.opacity / 100));
    map.setAttribute('aria-label', t('compare.map', { finding: nameOf(finding), kind: t(`map.${state.map.kind}`) }));
    drawTable(state.scores, scoresBeside(state), selected, finding, findings, same);
  };
}
