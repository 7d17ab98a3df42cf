/**
 * The map over the picture: the finding's own, or a part of its explanation.
 *
 * @typedef {import('./state.js').State} State
 */
import { choiceInWords, isAll, keyOf, mapOfWord, meanOf } from './explanation.js';
import { t } from './i18n.js';

/** The explanation of the score on show, or undefined until it has arrived. @param {State} state @returns {import('./explanation.js').Explanation | undefined} */
export function explanationOf({ explanations, scores, selected }) {
  const score = scores.get(selected);
  const found = score && explanations.get(keyOf(score.picture, selected));
  return found && 'words' in found ? found : undefined;
}

/** The word whose map is on show, or -1. @param {State} state */
export function wordOnShow({ why, selected }) {
  const { hovered, word } = why;
  return [hovered, word].find((each) => each?.finding === selected)?.index ?? -1;
}

/** The map that lies over the picture: the finding's, or a part of its explanation. Null without a score. @param {State} state */
export function shownMap(state) {
  const {
    scores,
    selected,
    map: { kind },
    why,
  } = state;
  const score = scores.get(selected);
  if (!score) return null;
  const explanation = why.open ? explanationOf(state) : undefined;
  const index = wordOnShow(state);
  if (explanation && index >= 0 && index < explanation.words.length) {
    const word = explanation.words[index];
    return {
      part: /** @type {const} */ ('word'),
      id: `word ${index}`,
      name: t('map.word', { word }),
      text: t('map.wordText', { word }),
      values: mapOfWord(explanation, index),
    };
  }
  if (explanation && !isAll(why.choice)) {
    const choice = choiceInWords(why.choice);
    const { layer, head } = why.choice;
    return {
      part: /** @type {const} */ ('choice'),
      id: `${layer} ${head}`,
      name: t('map.choice', { choice }),
      text: t('map.choiceText', { choice }),
      values: meanOf(explanation.patches, explanation, why.choice),
    };
  }
  return {
    part: /** @type {const} */ ('finding'),
    id: '',
    name: t(`map.${kind}`),
    text: t(`map.${kind}Text`),
    values: score[kind],
  };
}

/** The chosen palette's colours, undefined until the program has sent them. @param {Pick<State, 'palettes' | 'map'>} state @returns {Uint8ClampedArray | undefined} */
export const rampOf = ({ palettes, map }) => palettes.find(({ name }) => name === map.palette)?.ramp;

/** What the overlay must show, or '' for nothing. @param {State} state */
export function overlayKey(state) {
  const { picture, selected, scores, map } = state;
  const score = scores.get(selected);
  const shown = shownMap(state);
  return picture?.view && score && shown ? [score.picture, map.kind, map.palette, selected, shown.id].join('|') : '';
}
