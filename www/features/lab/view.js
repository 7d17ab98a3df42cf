/** The phantom lab: a synthetic chest is changed, and where its findings really are is drawn over it. */
import { byId, create, onChange } from '../../core/dom.js';
import { drawing, hasPicture, matrixOfState, placeOf } from '../../core/derived.js';
import { ARROWS, onTap } from '../../core/viewport/input.js';
import { applyToBox, partFromPoint, pointFromPart, scaleOf } from '../../core/viewport/transform.js';
import { glossOf, percent, say, t } from '../../core/i18n.js';
import { SMALL } from '../../core/layout.js';
import { signed, standing } from '../../core/words.js';

/** @typedef {import('../../core/state.js').Params} Params */

const NODULE = { x: 0.69, y: 0.4, radius: 0.025 }; // in the left lung
/** One array, so that nothing changes between two pictures without findings. @type {import('../../core/state.js').Picture['truth']} */
const NONE = [];
const STEP = 0.02; // of an arrow key
const LABEL = 20; // CSS pixels above a box

/** Their titles are `lab.slider.` and the name. @type {[name: 'effusion' | 'heart' | 'pneumothorax' | 'consolidation' | 'nodule' | 'exposure' | 'rotation', min: number, max: number, step: number, words: (value: number) => string][]} */
const SLIDERS = [
  ['effusion', 0, 1, 0.01, (value) => percent(value)],
  ['heart', 0.4, 0.7, 0.01, (value) => t('lab.ofChest', { share: percent(value) })],
  ['pneumothorax', 0, 1, 0.01, (value) => percent(value)],
  ['consolidation', 0, 1, 0.01, (value) => percent(value)],
  ['nodule', 0.01, 0.06, 0.001, (value) => t('lab.wide', { share: percent(2 * value, 1) })],
  [
    'exposure',
    -1,
    1,
    0.05,
    (value) =>
      Math.abs(value) < 0.025
        ? t('lab.normal')
        : t(value < 0 ? 'lab.lighter' : 'lab.darker', { value: signed(Math.abs(value)) }),
  ],
  ['rotation', -15, 15, 0.5, (value) => `${signed(value, 1)}°`],
];

/** @param {import('../../session.js').Session} session */
export function bindLab(session) {
  const lab = byId('lab', HTMLDetailsElement);
  const form = byId('lab-form', HTMLFormElement);
  const host = byId('sliders');
  const finding = byId('lab-finding');
  const value = byId('lab-value');
  const toggle = byId('truth-toggle', HTMLInputElement);
  const truthText = byId('truth-text');
  const fresh = byId('new-patient', HTMLButtonElement);
  const viewport = byId('fit');
  const truth = byId('truth');
  const place = byId('nodule-place', HTMLButtonElement);
  const truthShow = byId('truth-show', HTMLButtonElement); // in view where the lab is not
  /** @type {import('../../core/state.js').Drawing | null} */ let now = null;

  const sliders = SLIDERS.map(([name, min, max, step, words]) => {
    const row = create('div', undefined, 'slider');
    const label = create('label', undefined, 'slider-name');
    const output = create('span', undefined, 'slider-value');
    const range = Object.assign(create('input'), { type: 'range', min, max, step, id: `lab-${name}` });
    range.dataset.testid = `lab-${name}`;
    const send = (/** @type {boolean} */ moving) => {
      const number = Number(range.value);
      session.lab.redraw(
        { [name]: name === 'nodule' ? { ...NODULE, ...now?.phantom.nodule, radius: number } : number },
        moving,
      );
    };
    range.addEventListener('input', () => send(true));
    range.addEventListener('change', () => send(false));
    if (name === 'nodule') {
      const box = Object.assign(create('input'), { type: 'checkbox', role: 'switch', id: 'nodule-toggle' });
      box.dataset.testid = 'nodule-toggle';
      box.addEventListener('change', () => session.lab.redraw({ nodule: box.checked ? { ...NODULE } : null }));
      label.classList.add('switch');
      label.append(box, say(create('span'), `lab.slider.${name}`));
      say(range, 'lab.noduleSize', 'aria-label');
      row.append(label, output, range);
      const hint = say(create('p', undefined, 'slider-hint'), 'lab.noduleHint');
      row.append(hint);
      host.append(row);
      return { name, words, range, output, box, hint };
    }
    say(label, `lab.slider.${name}`);
    label.htmlFor = range.id;
    row.append(label, output, range);
    host.append(row);
    return { name, words, range, output };
  });

  /** @param {number} x @param {number} y @param {boolean} [moving] */
  function putNodule(x, y, moving) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    if (now?.phantom.nodule)
      session.lab.redraw({ nodule: { ...now.phantom.nodule, x: within(x), y: within(y) } }, moving);
  }

  onTap(viewport, ({ x, y }) => putNodule(x, y));
  place.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    const nodule = now?.phantom.nodule;
    const { state } = session;
    if (!arrow || !nodule || !hasPicture(state)) return;
    event.preventDefault();
    const [x, y] = [arrow[0] * STEP, arrow[1] * STEP];
    const { view } = state.display;
    const at = placeOf(state);
    const wide = at.grid.width * scaleOf(at, view);
    const from = pointFromPart(at, view, nodule);
    const to = partFromPoint(at, view, { x: from.x + x * wide, y: from.y + y * wide }); // as the picture is turned now
    putNodule(to.x, to.y);
  });
  toggle.addEventListener('change', () => session.lab.showTruth(toggle.checked));
  truthShow.addEventListener('click', () => session.lab.showTruth(!session.state.truth));
  fresh.addEventListener('click', () => session.lab.redraw({ seed: Math.floor(Math.random() * 1e6) }));
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', (event) => {
    event.preventDefault(); // the state sets the controls
    if (now) session.lab.redraw(now.example.params);
  });

  const open = onChange((/** @type {boolean} */ shown) => {
    if (shown) lab.open = !matchMedia(SMALL).matches;
  });

  const drawSliders = onChange((/** @type {import('../../core/state.js').Params | undefined} */ params) => {
    if (!params) return;
    for (const { name, words, range, output, box, hint } of sliders) {
      const number = name === 'nodule' ? (params.nodule?.radius ?? NODULE.radius) : params[name];
      if (Number(range.value) !== number) range.value = String(number);
      output.textContent = box && !params.nodule ? t('lab.none') : words(number);
      range.setAttribute('aria-valuetext', words(number));
      if (!box) continue;
      box.checked = Boolean(params.nodule);
      range.disabled = !params.nodule;
      hint.hidden = !params.nodule;
    }
    place.hidden = !params.nodule;
    viewport.toggleAttribute('data-placing', Boolean(params.nodule));
  });

  /** Puts an element over a part of the picture, wherever that is on show. @param {HTMLElement} element @param {import('../../core/viewport/transform.js').Box} part */
  function cover(element, { x, y, width, height }) {
    const { state } = session;
    if (!hasPicture(state)) return { x: 0, y: 0, width: 0, height: 0 };
    const { grid } = state.picture;
    const box = applyToBox(matrixOfState(state), {
      x: x * grid.width,
      y: y * grid.height,
      width: width * grid.width,
      height: height * grid.height,
    });
    for (const [side, size] of Object.entries({ left: box.x, top: box.y, width: box.width, height: box.height }))
      element.style.setProperty(side, `${size}px`);
    return box;
  }

  const placeNodule = onChange(
    (
      /** @type {Params['nodule'] | undefined} */ nodule,
      /** @type {import('../../core/viewport/transform.js').View} */ _view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
    ) => {
      if (!nodule) return;
      const size = 2 * nodule.radius + 0.03;
      cover(place, { x: nodule.x - size / 2, y: nodule.y - size / 2, width: size, height: size });
    },
  );

  const drawTruth = onChange(
    (
      /** @type {boolean} */ on,
      /** @type {import('../../core/state.js').Picture['truth']} */ boxes,
      /** @type {import('../../core/viewport/transform.js').View} */ _view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
    ) => {
      truth.hidden = !on;
      const text = on && !boxes.length ? t('lab.normalTruth') : '';
      if (truthText.textContent !== text) truthText.textContent = text; // a live region
      truth.replaceChildren(
        ...boxes.map(({ finding: name, x, y, width, height }) => {
          const box = create('div', undefined, 'truth-box');
          box.append(create('span', glossOf(name) || name));
          if (cover(box, { x, y, width, height }).y < LABEL) box.dataset.side = 'below';
          return box;
        }),
      );
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    now = drawing(state);
    const source = state.picture?.source;
    const drawn = source && 'phantom' in source ? source : null;
    const shown = drawn !== null;
    lab.hidden = !shown;
    open(shown);
    const phantom = (now ?? drawn)?.phantom;
    drawSliders(phantom);
    if (!shown) {
      place.hidden = true;
      viewport.removeAttribute('data-placing');
    }
    toggle.checked = state.truth;
    truthShow.hidden = !shown;
    truthShow.setAttribute('aria-pressed', String(state.truth));
    const { view } = state.display;
    placeNodule(shown ? phantom?.nodule : null, view, state.viewport);
    drawTruth(state.truth && shown, state.picture?.truth ?? NONE, view, state.viewport);
    const percentile = state.scores.get(state.selected)?.percentile;
    finding.textContent = glossOf(state.selected) || state.selected;
    value.textContent = percentile === undefined ? '' : t('percentile', { standing: standing(percentile) });
  };
}
