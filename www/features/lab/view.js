/** The phantom lab: a synthetic chest is changed, and where its findings really are is drawn over it. */
import { byId, create, onChange } from '../../core/dom.js';
import { drawing } from '../../core/derived.js';
import { glossOf, percent, say, t } from '../../core/i18n.js';
import { SMALL } from '../../core/layout.js';
import { signed, standing } from '../../core/words.js';
import { bindNodule } from './nodule.js';
import { bindTruth } from './truth.js';

/** @typedef {import('../../core/state.js').Params} Params */

const NODULE = { x: 0.69, y: 0.4, radius: 0.025 }; // in the left lung

/** The sliders; the key of a title is `lab.slider.` and the name. @type {[name: 'effusion' | 'leftEffusion' | 'heart' | 'pneumothorax' | 'rightPneumothorax' | 'consolidation' | 'nodule' | 'exposure' | 'rotation', min: number, max: number, step: number, words: (value: number) => string][]} */
const SLIDERS = [
  ['effusion', 0, 1, 0.01, (value) => percent(value)],
  ['leftEffusion', 0, 1, 0.01, (value) => percent(value)],
  ['heart', 0.4, 0.7, 0.01, (value) => t('lab.ofChest', { share: percent(value) })],
  ['pneumothorax', 0, 1, 0.01, (value) => percent(value)],
  ['rightPneumothorax', 0, 1, 0.01, (value) => percent(value)],
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
  const drawNodule = bindNodule(session);
  const drawTruth = bindTruth(session);
  const fresh = byId('new-patient', HTMLButtonElement);
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
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    now = drawing(state);
    const source = state.picture?.source;
    const drawn = source && 'phantom' in source ? source : null;
    const shown = drawn !== null && !state.round;
    lab.hidden = !shown;
    open(shown);
    const phantom = (now ?? drawn)?.phantom;
    drawSliders(phantom);
    drawNodule(shown ? phantom?.nodule : null, state);
    drawTruth(shown || Boolean(state.picture?.truth.length), state);
    const percentile = state.scores.get(state.selected)?.percentile;
    finding.textContent = glossOf(state.selected) || state.selected;
    value.textContent = percentile === undefined ? '' : t('percentile', { standing: standing(percentile) });
  };
}
