/** What is known of a picture: a DICOM file's facts beside its name, and warnings before the scores. */
import { isSame } from '../../core/beside.js';
import { byId, create, onChange } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { PHONE } from '../../core/layout.js';
import { cautions, factInWords } from '../../core/words.js';

/** One array, so that nothing changes between two pictures without facts. @type {never[]} */
const NONE = [];

/** @param {import('../../session.js').Session} session */
export function bindFacts(session) {
  const facts = byId('facts');
  const warnings = byId('warnings');
  const exchange = byId('exchange', HTMLButtonElement);
  const box = byId('warned');
  const viewport = byId('fit');
  const teach = byId('teach');
  const phone = matchMedia(PHONE);
  exchange.addEventListener('click', () => session.picture.exchange());

  const drawFacts = onChange((/** @type {import('../../core/state.js').Picture['facts']} */ list) => {
    facts.hidden = !list.length;
    facts.replaceChildren(
      ...list.map((fact) => {
        const [name, value] = factInWords(fact);
        const pair = create('div');
        pair.append(create('dt', name), create('dd', value));
        return pair;
      }),
    );
  });

  /** A live region: it is spoken when its text changes, so it is left alone while it does not. */
  const drawWarnings = onChange((/** @type {string} */ lines) => {
    warnings.replaceChildren(
      ...lines
        .split('\n')
        .filter(Boolean)
        .map((line) => create('p', line)),
    );
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { picture, compare } = state;
    if ((box.nextElementSibling === viewport) !== phone.matches) {
      // on a phone above the picture, and so in view
      if (phone.matches) viewport.before(box);
      else teach.before(box);
    }
    drawFacts(picture?.facts ?? NONE);
    const exchanged = picture && 'file' in picture.source ? picture.source.negative : undefined; // false: it was exchanged back
    const negative = Boolean(exchanged);
    const beside = picture && compare && !isSame(state) ? compare.picture : null;
    const said = (/** @type {import('../../core/state.js').Picture | null} */ of, /** @type {string} */ side) =>
      of ? cautions(of).map((line) => (beside ? `${side}: ${line}` : line)) : [];
    drawWarnings([...said(picture, 'A'), ...said(beside, 'B')].join('\n'));
    exchange.hidden = exchanged === undefined && picture?.verdict !== 'inverted';
    exchange.textContent = t(negative ? 'looks.undo' : 'looks.exchange');
  };
}
