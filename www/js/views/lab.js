/** The phantom lab: a synthetic chest is changed, and where its findings really are is drawn over it. */
import { byId, create, onChange } from '../dom.js';
import { drawing } from '../state.js';
import { signed, standing } from '../words.js';

const percent = (/** @type {number} */ value) => `${Math.round(100 * value)} %`;
const NODULE = { x: 0.69, y: 0.4, radius: 0.025 }; // in the left lung
const STEP = 0.02; // of an arrow key

/** @type {[name: string, title: string, min: number, max: number, step: number, words: (value: number) => string][]} */
const SLIDERS = [
  ['effusion', 'Pleural effusion', 0, 1, 0.01, percent],
  ['heart', 'Heart size', 0.4, 0.7, 0.01, (value) => `${percent(value)} of chest`],
  ['pneumothorax', 'Pneumothorax', 0, 1, 0.01, percent],
  ['consolidation', 'Consolidation', 0, 1, 0.01, percent],
  ['nodule', 'Nodule', 0.01, 0.06, 0.001, (value) => `${(200 * value).toFixed(1)} % wide`],
  ['exposure', 'Exposure', -1, 1, 0.05, (value) => (Math.abs(value) < 0.025 ? 'normal' : `${signed(Math.abs(value))} ${value < 0 ? 'lighter' : 'darker'}`)],
  ['rotation', 'Rotation', -15, 15, 0.5, (value) => `${value.toFixed(1).replace('-', '−')}°`],
];

/** @param {import('../session.js').Session} session */
export function bindLab(session) {
  const [lab, form, host, finding, value, toggle, truthText, fresh, frame, truth, place] = [
    'lab', 'lab-form', 'sliders', 'lab-finding', 'lab-value', 'truth-toggle', 'truth-text', 'new-patient', 'frame', 'truth', 'nodule-place',
  ].map(byId);
  /** @type {import('../state.js').Drawing | null} */ let now = null;

  const sliders = SLIDERS.map(([name, title, min, max, step, words]) => {
    const row = create('div', undefined, 'slider');
    const label = create('label', undefined, 'slider-name');
    const output = create('span', undefined, 'slider-value');
    const range = Object.assign(create('input'), { type: 'range', min, max, step, id: `lab-${name}` });
    range.dataset.testid = `lab-${name}`;
    const send = (/** @type {boolean} */ moving) => {
      const number = Number(range.value);
      session.redraw({ [name]: name === 'nodule' ? { ...NODULE, ...now?.phantom.nodule, radius: number } : number }, moving);
    };
    range.addEventListener('input', () => send(true));
    range.addEventListener('change', () => send(false));
    if (name === 'nodule') {
      const box = Object.assign(create('input'), { type: 'checkbox', role: 'switch', id: 'nodule-toggle' });
      box.dataset.testid = 'nodule-toggle';
      box.addEventListener('change', () => session.redraw({ nodule: box.checked ? { ...NODULE } : null }));
      label.classList.add('switch');
      label.append(box, create('span', title));
      range.setAttribute('aria-label', 'Nodule size');
      row.append(label, output, range);
      const hint = create('p', 'Tap the image to place it.', 'slider-hint');
      row.append(hint);
      return { name, words, range, output, box, hint };
    }
    label.textContent = title;
    label.htmlFor = range.id;
    row.append(label, output, range);
    return { name, words, range, output };
  }).map((slider) => {
    host.append(slider.range.parentElement);
    return slider;
  });

  /** @param {number} x @param {number} y @param {boolean} [moving] */
  function putNodule(x, y, moving) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    if (now?.phantom.nodule) session.redraw({ nodule: { ...now.phantom.nodule, x: within(x), y: within(y) } }, moving);
  }

  frame.addEventListener('click', ({ clientX, clientY, detail }) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    if (detail) putNodule((clientX - left) / width, (clientY - top) / height); // 0: a key on the button
  });
  place.addEventListener('keydown', (event) => {
    const [x, y] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    const nodule = now?.phantom.nodule;
    if (x === undefined || !nodule) return;
    event.preventDefault();
    putNodule(nodule.x + x, nodule.y + y);
  });
  toggle.addEventListener('change', () => session.showTruth(toggle.checked));
  fresh.addEventListener('click', () => session.redraw({ seed: Math.floor(Math.random() * 1e6) }));
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', (event) => {
    event.preventDefault(); // the state sets the controls
    if (now) session.redraw({ nodule: null, ...now.example.params });
  });

  const open = onChange((/** @type {boolean} */ shown) => { if (shown) lab.open = !matchMedia('(max-width: 820px)').matches; });

  const drawSliders = onChange((/** @type {import('../state.js').Params | undefined} */ params) => {
    if (!params) return;
    for (const { name, words, range, output, box, hint } of sliders) {
      const number = name === 'nodule' ? params.nodule?.radius ?? NODULE.radius : params[name];
      if (Number(range.value) !== number) range.value = String(number);
      output.textContent = box && !params.nodule ? 'none' : words(number);
      range.setAttribute('aria-valuetext', words(number));
      if (!box) continue;
      box.checked = Boolean(params.nodule);
      range.disabled = !params.nodule;
      hint.hidden = !params.nodule;
    }
    place.hidden = !params.nodule;
    frame.toggleAttribute('data-placing', Boolean(params.nodule));
    if (!params.nodule) return;
    const { x, y, radius } = params.nodule;
    for (const [side, part] of Object.entries({ left: x, top: y, width: 2 * radius + 0.03, height: 2 * radius + 0.03 })) place.style.setProperty(side, `${100 * part}%`);
  });

  const drawTruth = onChange((/** @type {boolean} */ on, /** @type {import('../state.js').Picture['truth']} */ boxes = []) => {
    truth.hidden = !on;
    const text = on && !boxes.length ? 'Nothing to show: this chest is drawn normal.' : '';
    if (truthText.textContent !== text) truthText.textContent = text; // a live region
    truth.replaceChildren(...boxes.map(({ finding: name, x, y, width, height }) => {
      const box = create('div', undefined, 'truth-box');
      box.append(create('span', name));
      for (const [side, part] of Object.entries({ left: x, top: y, width, height })) box.style.setProperty(side, `${100 * part}%`);
      if (y < 0.06) box.dataset.side = 'below';
      return box;
    }));
  });

  return (/** @type {import('../state.js').State} */ state) => {
    now = drawing(state);
    const source = state.picture?.source;
    const shown = Boolean(source && 'phantom' in source);
    lab.hidden = !shown;
    open(shown);
    drawSliders((now ?? (shown ? source : null))?.phantom);
    if (!shown) {
      place.hidden = true;
      frame.removeAttribute('data-placing');
    }
    toggle.checked = state.truth;
    drawTruth(state.truth && shown, state.picture?.truth);
    const percentile = state.scores.get(state.selected)?.percentile;
    finding.textContent = state.selected;
    value.textContent = percentile === undefined ? '' : `${standing(percentile)} percentile`;
  };
}
