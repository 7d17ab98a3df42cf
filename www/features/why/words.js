/** The sentence's words, each with its share of the image's attention, or with how much it looks at a patch. */
import { byId, closest, create, find, findAll, onChange } from '../../core/dom.js';
import { choiceInWords, meanOf, share, wordsAtPatch } from '../../core/explanation.js';
import { t } from '../../core/i18n.js';
import { wordOnShow } from '../../core/map.js';

/** @typedef {import('../../core/explanation.js').Explanation} Explanation */

const BAR_MAX = 14; // CSS pixels
const NAMED_MAX = 3;

/** @param {import('../../session.js').Session} session */
export function bindWords(session) {
  const list = byId('why-words');
  const sum = byId('why-sum');
  const hint = byId('why-patch');
  const actions = session.why;

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

  const drawList = onChange((/** @type {string} */ words) => {
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

  return (
    /** @type {Explanation} */ explanation,
    /** @type {number} */ patch,
    /** @type {import('../../core/state.js').State} */ state,
  ) => {
    const {
      why: { choice, word, at },
      display,
      selected,
      map,
    } = state;
    const words = JSON.stringify(explanation.words);
    const shown = wordOnShow(state);
    drawList(words);
    drawShares(explanation, choice, patch, shown, map.on);
    drawPressed(word?.finding === selected ? word.index : -1, shown, words);
    hint.setAttribute('aria-live', !at && display.cursor?.by === 'keys' ? 'polite' : 'off');
  };
}
