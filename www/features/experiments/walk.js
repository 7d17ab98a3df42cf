/** Where words and heads look: words, one large map and a small one for each head, linked with one another. */
import { byId, closest, create, createSvg, findAll } from '../../core/dom.js';
import { mapOfWord, share, wordsAtPatch } from '../../core/explanation.js';
import { t } from '../../core/i18n.js';
import { headsOf } from './attended.js';
import { SIDE, drawMap } from './seen.js';
import { rowsOf } from './vectors.js';

/** @typedef {import('carzero').Explanation} Explanation */
/** What is pointed at: a word, a head or a patch, or nothing. @typedef {{kind: 'word' | 'head' | 'patch' | '', index: number}} Pointed */

const SMALL = 72; // pixels of a head's map
const NAMED_MAX = 3;
/** @type {Pointed} */ const NOTHING = { kind: '', index: -1 };
const STEPS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});

/** @param {Explanation} explanation @param {number} word */
function createWord({ words, pieces }, word) {
  const item = create('li');
  const button = create('button', undefined, 'word');
  const own = pieces.filter((piece) => piece.word === word).map(({ text }) => text);
  button.type = 'button';
  button.dataset.word = String(word);
  button.append(
    Object.assign(create('span', words[word]), { lang: 'en' }),
    Object.assign(create('span', own.length > 1 ? own.join(' ') : '', 'word-pieces'), { lang: 'en' }),
    create('span', undefined, 'word-share'),
  );
  item.append(button);
  return item;
}

/** @param {string} name */
function createHead(name, /** @type {number} */ index) {
  const item = create('li');
  const button = create('button', undefined, 'walk-head');
  button.type = 'button';
  button.dataset.head = String(index);
  button.append(create('canvas'), create('span', name));
  item.append(button);
  return item;
}

/** @param {import('../../session.js').Session} session */
export function bindWalk(session) {
  const body = byId('steps-body');
  const words = byId('steps-words');
  const heads = byId('steps-heads');
  const map = byId('steps-map', HTMLCanvasElement);
  const mark = byId('steps-mark', SVGSVGElement);
  const said = byId('steps-said');
  /** @type {Explanation | undefined} */ let explanation;
  /** @type {Float32Array | undefined} The finding's own map */ let own;
  /** What was pressed: it is on show while nothing is pointed at. */ let pressed = NOTHING;
  let pointed = NOTHING;

  const side = () => Math.sqrt((explanation?.wordPatches.length ?? 0) / (explanation?.words.length || 1));

  /** @param {Explanation} of @param {Pointed} at */
  function sayOf(of, { kind, index }) {
    if (kind === 'word') return t('steps.wordLooks', { word: of.words[index] });
    if (kind === 'head') {
      const { layer, head } = headsOf(of)[index];
      const looked = rowsOf(of.patches, of.layers * of.heads)[index].reduce((a, b) => a + b, 0);
      return t('steps.headLooks', { layer: layer + 1, head: head + 1, share: share(looked) });
    }
    if (kind !== 'patch') return t('steps.hint');
    const here = wordsAtPatch(of, index);
    const order = here.map((_, i) => i).sort((a, b) => here[b] - here[a]);
    const named = order.slice(0, NAMED_MAX).map((i) => `“${of.words[i]}” ${share(here[i])}`);
    const [row, column] = [Math.floor(index / side()) + 1, (index % side()) + 1];
    return t('why.patch', { row, column, side: side(), words: named.join(', ') });
  }

  function draw() {
    if (!explanation || !own) return;
    const at = pointed.kind ? pointed : pressed;
    const { kind, index } = at;
    const shown =
      kind === 'word'
        ? mapOfWord(explanation, index)
        : kind === 'head'
          ? rowsOf(explanation.patches, explanation.layers * explanation.heads)[index]
          : own;
    drawMap(map, session.state, shown);
    said.textContent = sayOf(explanation, at);
    const cell = SIDE / side();
    const box = { x: (index % side()) * cell, y: Math.floor(index / side()) * cell, width: cell, height: cell };
    mark.replaceChildren(...(kind === 'patch' ? [createSvg('rect', box)] : []));
    const here = kind === 'patch' ? wordsAtPatch(explanation, index) : null;
    const most = explanation.wordPatches.reduce((a, b) => Math.max(a, b), 0);
    words.toggleAttribute('data-patch', Boolean(here));
    for (const button of findAll(body, '[data-word], [data-head]', HTMLButtonElement)) {
      const { word, head } = button.dataset;
      const is = (/** @type {Pointed} */ one) =>
        one.kind !== '' && String(one.index) === (one.kind === 'word' ? word : one.kind === 'head' ? head : '');
      button.toggleAttribute('data-shown', is(at));
      button.setAttribute('aria-pressed', String(is(pressed)));
      if (word === undefined) continue;
      const part = here?.[Number(word)] ?? 0;
      button.style.setProperty('--part', `${Math.round((100 * part) / (most || 1))}%`);
      const told = button.lastElementChild;
      if (told) told.textContent = here ? share(part) : '';
    }
  }

  /** @param {Pointed} at */
  function point(at) {
    if (at.kind === pointed.kind && at.index === pointed.index) return;
    pointed = at;
    draw();
  }

  /** A button's word or head. @param {Event} event @returns {Pointed} */
  function pointedBy(event) {
    const { word, head } = closest(event, '[data-word], [data-head]')?.dataset ?? {};
    if (word !== undefined) return { kind: 'word', index: Number(word) };
    return head === undefined ? NOTHING : { kind: 'head', index: Number(head) };
  }
  body.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'mouse' && event.target !== map) point(pointedBy(event));
  });
  body.addEventListener('focusin', (event) => {
    if (event.target !== map) point(pointedBy(event));
  });
  body.addEventListener('focusout', () => point(NOTHING));
  body.addEventListener('click', (event) => {
    const at = pointedBy(event);
    if (!at.kind) return;
    pressed = at.kind === pressed.kind && at.index === pressed.index ? NOTHING : at;
    draw();
  });

  /** @param {PointerEvent} event */
  function pointPatch({ offsetX, offsetY }) {
    const [column, row] = [offsetX / map.clientWidth, offsetY / map.clientHeight].map((part) =>
      Math.min(side() - 1, Math.max(0, Math.floor(part * side()))),
    );
    point({ kind: 'patch', index: row * side() + column });
  }
  map.addEventListener('pointermove', pointPatch);
  map.addEventListener('pointerdown', pointPatch);
  map.addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse') point(NOTHING);
  });
  map.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const from = pointed.kind === 'patch' ? pointed.index : (own?.indexOf(Math.max(...own)) ?? 0);
    const [column, row] = [(from % side()) + step[0], Math.floor(from / side()) + step[1]].map((at) =>
      Math.min(side() - 1, Math.max(0, at)),
    );
    point({ kind: 'patch', index: row * side() + column });
  });

  /** @param {Explanation} of @param {Float32Array} ownMap The finding's own */
  return (of, ownMap) => {
    [explanation, own, pressed, pointed] = [of, ownMap, NOTHING, NOTHING];
    words.replaceChildren(...of.words.map((_, word) => createWord(of, word)));
    const names = headsOf(of).map(({ layer, head }) => t('steps.head', { layer: layer + 1, head: head + 1 }));
    heads.replaceChildren(...names.map(createHead));
    const maps = rowsOf(of.patches, names.length);
    const most = of.patches.reduce((a, b) => Math.max(a, b), 0);
    findAll(heads, 'canvas', HTMLCanvasElement).forEach((canvas, i) =>
      drawMap(canvas, session.state, maps[i], [0, most], SMALL),
    );
    draw();
  };
}
