/** Where the findings of a picture really are, drawn over it when asked for. */
import { byId, create, onChange } from '../../core/dom.js';
import { glossOf, t } from '../../core/i18n.js';
import { cover } from './place.js';

/** One array, so that nothing changes between two pictures without findings. @type {import('../../core/state.js').Picture['truth']} */
const NONE = [];
const LABEL = 20; // CSS pixels above a box

/** @param {import('../../session.js').Session} session */
export function bindTruth(session) {
  const toggle = byId('truth-toggle', HTMLInputElement);
  const text = byId('truth-text');
  const layer = byId('truth');
  const show = byId('truth-show', HTMLButtonElement); // for where the lab is out of view

  toggle.addEventListener('change', () => session.lab.showTruth(toggle.checked));
  show.addEventListener('click', () => session.lab.showTruth(!session.state.truth));

  const draw = onChange(
    (
      /** @type {boolean} */ on,
      /** @type {import('../../core/state.js').Picture['truth']} */ boxes,
      /** @type {import('../../core/viewport/transform.js').View} */ _view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
    ) => {
      layer.hidden = !on;
      const said = on && !boxes.length ? t('lab.normalTruth') : '';
      if (text.textContent !== said) text.textContent = said; // a live region
      layer.replaceChildren(
        ...boxes.map(({ finding: name, x, y, width, height }) => {
          const box = create('div', undefined, 'truth-box');
          box.append(create('span', glossOf(name) || name));
          if (cover(session.state, box, { x, y, width, height }).y < LABEL) box.dataset.side = 'below';
          return box;
        }),
      );
    },
  );

  /** @param {boolean} shown Whether the truth is known and may be shown @param {import('../../core/state.js').State} state */
  return (shown, { truth, picture, display, viewport: size }) => {
    toggle.checked = truth;
    show.hidden = !shown;
    show.setAttribute('aria-pressed', String(truth));
    draw(truth && shown, picture?.truth ?? NONE, display.view, size);
  };
}
