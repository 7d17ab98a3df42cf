/** What a DICOM file says of its picture: facts beside its name, and warnings before the scores. */
import { byId, create, onChange } from '../dom.js';
import { programText } from '../i18n.js';

/** One array, so that nothing changes between two pictures without facts. @type {never[]} */
const NONE = [];

export function bindFacts() {
  const [facts, warnings] = ['facts', 'warnings'].map(byId);

  const drawFacts = onChange((/** @type {import('../state.js').Picture['facts']} */ list) => {
    facts.hidden = !list.length;
    facts.replaceChildren(...list.map(({ name, value }) => {
      const fact = create('div');
      fact.append(create('dt', programText(name)), create('dd', value));
      return fact;
    }));
  });

  /** A live region: it is spoken when its text changes, so it is left alone while it does not. */
  const drawWarnings = onChange((/** @type {string} */ lines) => {
    warnings.replaceChildren(...lines.split('\n').filter(Boolean).map((line) => create('p', programText(line))));
  });

  return (/** @type {import('../state.js').State} */ { picture }) => {
    drawFacts(picture?.facts ?? NONE);
    drawWarnings((picture?.warnings ?? NONE).join('\n'));
  };
}
