/** Why a finding scores as it does: its sentence's words, what the image makes of them, and where each would look. */
import { byId, closest, create, createSvg, find, findAll, onChange, setOptions } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { hasPicture, matrixOfSeen, phase, seenBox } from '../../core/derived.js';
import { explanationOf, wordOnShow } from '../../core/map.js';
import { Viewer } from '../../core/viewport/viewer.js';
import { ALL, choiceInWords, keyOf, meanOf, patchAt, share, wordsAtPatch } from '../../core/explanation.js';

const BAR_MAX = 14; // CSS pixels
const NAMED_MAX = 3;

/** @param {number} count @param {(number: number) => string} name */
const optionsOf = (count, name) => [
  { value: String(ALL), text: t('why.mean') },
  ...Array.from({ length: count }, (_, i) => ({ value: String(i), text: name(i + 1) })),
];

/** @param {import('../../session.js').Session} session */
export function bindWhy(session) {
  const why = byId('why', HTMLDetailsElement);
  const status = byId('why-status');
  const body = byId('why-body');
  const list = byId('why-words');
  const sum = byId('why-sum');
  const hint = byId('why-patch');
  const layer = byId('why-layer', HTMLSelectElement);
  const head = byId('why-head', HTMLSelectElement);
  const viewport = byId('fit');
  const mark = byId('patch', SVGSVGElement);
  const viewer = new Viewer(session.display);
  const actions = session.why;

  why.addEventListener('toggle', () => actions.open(why.open));
  layer.addEventListener('change', () => actions.choose({ layer: Number(layer.value) }));
  head.addEventListener('change', () => actions.choose({ head: Number(head.value) }));

  const indexOf = (/** @type {Event} */ event) => Number(closest(event, '.word')?.dataset.index ?? -1);
  /** @template {keyof HTMLElementEventMap} K @param {K} type @param {(index: number, event: HTMLElementEventMap[K]) => void} act */
  const onWord = (type, act) =>
    list.addEventListener(type, (event) => {
      const index = indexOf(event);
      if (index >= 0) act(index, event);
    });
  onWord('pointerover', (index, { pointerType }) => {
    if (pointerType === 'mouse') actions.hover(index);
  });
  onWord('pointerout', (_index, { pointerType }) => {
    if (pointerType === 'mouse') actions.hover(null);
  });
  onWord('focusin', (index) => actions.hover(index));
  onWord('focusout', () => actions.hover(null));
  onWord('click', (index) => actions.press(index));

  /** @param {import('../../core/state.js').State} state @param {import('../../core/viewport/transform.js').Point | null} part */
  function patchOf({ picture, info }, part) {
    const seen = picture && seenBox(picture);
    return seen && part && info ? patchAt(part, seen, picture.grid, info.mapSide) : -1;
  }

  /** @param {PointerEvent} event */
  function point(event) {
    const { state } = session;
    if (!state.why.open || !state.picture || closest(event, 'button')) return;
    const { left, top } = viewport.getBoundingClientRect();
    const part = viewer.part({ x: event.clientX - left, y: event.clientY - top });
    const patch = patchOf(state, part);
    if (patch !== patchOf(state, state.why.at)) actions.point(patch < 0 ? null : part);
  }
  viewport.addEventListener('pointermove', point);
  viewport.addEventListener('pointerdown', point);
  viewport.addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse') actions.point(null);
  });

  const drawWords = onChange((/** @type {string} */ words) => {
    list.replaceChildren(
      ...JSON.parse(words).map((/** @type {string} */ word, /** @type {number} */ index) => {
        const [item, button, bar] = [
          create('li'),
          create('button', undefined, 'word'),
          create('span', undefined, 'word-bar'),
        ];
        button.type = 'button';
        button.dataset.index = String(index);
        bar.append(create('span'));
        button.append(
          Object.assign(create('span', word), { lang: 'en' }),
          ' ',
          bar,
          create('span', undefined, 'word-share'),
        );
        item.append(button);
        return item;
      }),
    );
  });

  const drawChoices = onChange((/** @type {number} */ layers, /** @type {number} */ heads) => {
    setOptions(
      layer,
      optionsOf(layers, (number) => t('why.layerOption', { number })),
    );
    setOptions(
      head,
      optionsOf(heads, (number) => t('why.headOption', { number })),
    );
  });

  const drawShares = onChange(
    (
      /** @type {import('../../core/explanation.js').Explanation} */ explanation,
      /** @type {import('../../core/explanation.js').Choice} */ choice,
      /** @type {number} */ patch,
      /** @type {number} */ word,
      /** @type {boolean} */ mapOn,
    ) => {
      const { words, attendedWords, wordPatches } = explanation;
      const attended = meanOf(attendedWords, explanation, choice);
      const here = patch >= 0 ? wordsAtPatch(explanation, patch) : null;
      const shares = here ?? [...attended];
      const most = here ? wordPatches.reduce((a, b) => Math.max(a, b), 0) : Math.max(...shares);
      list.toggleAttribute('data-patch', Boolean(here));
      findAll(list, '.word', HTMLElement).forEach((button, i) => {
        const text = share(shares[i]);
        find(button, '.word-share').textContent = text;
        find(button, '.word-bar span').style.setProperty('height', `${(BAR_MAX * shares[i]) / (most || 1)}px`);
        button.style.setProperty('--part', `${Math.round((100 * shares[i]) / (most || 1))}%`);
        button.setAttribute('aria-label', t(here ? 'why.wordHere' : 'why.wordShare', { word: words[i], share: text }));
      });
      const total = attended.reduce((a, b) => a + b, 0);
      sum.textContent = t('why.sum', { choice: choiceInWords(choice), share: share(total) });
      if (!here && word >= 0) {
        hint.textContent = mapOn ? t('why.mapShows', { word: words[word] }) : t('why.mapOff');
        return;
      }
      if (!here) {
        hint.textContent = t('why.hint');
        return;
      }
      const side = Math.sqrt(wordPatches.length / words.length);
      const order = words
        .map((_, i) => i)
        .sort((a, b) => here[b] - here[a])
        .slice(0, NAMED_MAX);
      hint.textContent = t('why.patch', {
        row: Math.floor(patch / side) + 1,
        column: (patch % side) + 1,
        side,
        words: order.map((i) => `“${words[i]}” ${share(here[i])}`).join(', '),
      });
    },
  );

  const drawPressed = onChange(
    (/** @type {number} */ pressed, /** @type {number} */ shown, /** @type {string} */ _words) => {
      findAll(list, '.word', HTMLElement).forEach((button, i) => {
        button.setAttribute('aria-pressed', String(i === pressed));
        button.toggleAttribute('data-shown', i === shown);
      });
    },
  );

  const drawMark = onChange(
    (
      /** @type {number} */ patch,
      /** @type {object | null} */ _picture,
      /** @type {object} */ _size,
      /** @type {object} */ _view,
    ) => {
      mark.replaceChildren();
      const { state } = session;
      const seen = state.picture && seenBox(state.picture);
      if (patch < 0 || !seen || !state.info || !hasPicture(state)) return;
      const side = state.info.mapSide;
      const box = { x: (patch % side) / side, y: Math.floor(patch / side) / side, width: 1 / side, height: 1 / side };
      const transform = `matrix(${matrixOfSeen(state, seen).join(' ')})`;
      mark.append(createSvg('rect', { ...box, transform, class: 'halo' }), createSvg('rect', { ...box, transform }));
    },
  );

  /** @param {import('../../core/state.js').State} state */
  function waitingFor({ explanations, scores, selected }) {
    const score = scores.get(selected);
    const answer = score && explanations.get(keyOf(score.picture, selected));
    if (answer && 'error' in answer) return t('why.failed', { message: answer.error });
    return t(phase(session.state) === 'done' ? 'why.working' : 'why.follows');
  }

  let drawnFor = '';
  return (/** @type {import('../../core/state.js').State} */ state) => {
    const {
      why: { open, choice, word, at },
      display,
      picture,
      selected,
      viewport: size,
    } = state;
    const explanation = open ? explanationOf(state) : undefined;
    const stale = open && !explanation && Boolean(picture?.redrawn) && drawnFor === selected; // in the lab nothing may jump
    body.hidden = !explanation && !stale;
    body.toggleAttribute('data-stale', stale);
    status.textContent = explanation || stale || !open ? '' : waitingFor(state);
    const patch = explanation ? patchOf(state, at ?? display.cursor) : -1;
    drawMark(patch, picture, size, display.view);
    if (!explanation) return;
    drawnFor = selected;
    const words = JSON.stringify(explanation.words);
    drawWords(words);
    drawChoices(explanation.layers, explanation.heads);
    layer.value = String(choice.layer);
    head.value = String(choice.head);
    const shown = wordOnShow(state);
    drawShares(explanation, choice, patch, shown, state.map.on);
    drawPressed(word?.finding === selected ? word.index : -1, shown, words);
    hint.setAttribute('aria-live', !at && display.cursor?.by === 'keys' ? 'polite' : 'off');
  };
}
