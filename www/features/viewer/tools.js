/** The viewer's toolbar, window presets, keys, and the sheet that explains them. */
import { byId, create, find, findAll, onChange } from '../../core/dom.js';
import { say, t } from '../../core/i18n.js';
import { rove } from '../../core/rove.js';
import { hasPicture, windowOf } from '../../core/derived.js';
import { KEYS, actionNamed, keyAction, nameOfKey } from './keys.js';
import { PRESETS } from '../../core/viewport/pixels.js';
import { Viewer } from '../../core/viewport/viewer.js';

const MARGIN = 8; // CSS pixels around the presets

/** @param {import('../../session.js').Session} session */
export function bindTools(session) {
  const viewport = byId('fit');
  const toolbar = byId('tools');
  const strip = byId('viewer-strip');
  const windowText = byId('window-text');
  const windows = byId('windows');
  const presets = byId('window-presets');
  const level = byId('window-level', HTMLInputElement);
  const width = byId('window-width', HTMLInputElement);
  const sheet = byId('sheet', HTMLDialogElement);
  const sheetKeys = byId('sheet-keys');
  const keysToggle = byId('keys-toggle', HTMLInputElement);
  const buttons = findAll(toolbar, 'button', HTMLButtonElement);
  const viewer = new Viewer(session.display);

  /** @param {import('./keys.js').Action} action @param {string} [value] */
  function act(action, value) {
    if (action === 'help') sheet.showModal();
    else viewer.act(action, value);
  }

  rove(toolbar, 'button', ['ArrowUp', 'ArrowLeft'], ['ArrowDown', 'ArrowRight']);
  for (const button of [...buttons, ...strip.querySelectorAll('button')]) {
    const { value } = button.dataset;
    const action = actionNamed(button.dataset.action);
    const key = KEYS.find((entry) => entry.action === action && entry.value === value)?.key;
    if (key) button.setAttribute('aria-keyshortcuts', nameOfKey(key));
    if (!action) continue;
    button.addEventListener('click', ({ pointerType }) => {
      act(action, value);
      if (pointerType === 'mouse' && !sheet.open) viewport.focus(); // the next key is meant for the picture
    });
  }

  addEventListener('keydown', (event) => {
    const { picture, keys } = session.state;
    const found = picture && keys && !document.querySelector('dialog[open]') && keyAction(event);
    if (!found) return;
    event.preventDefault();
    act(found.action, found.value);
  });

  for (const { key } of PRESETS) {
    const button = create('button', undefined, 'preset');
    button.type = 'button';
    button.dataset.preset = key;
    button.append(
      create('kbd', key),
      say(create('span'), `preset.${key}`),
      say(create('span', undefined, 'small'), `preset.${key}.hint`),
    );
    button.addEventListener('click', () => act('preset', key));
    presets.append(button);
  }
  for (const slider of [level, width])
    slider.addEventListener('input', () =>
      viewer.setWindow({ center: Number(level.value), width: Number(width.value) }),
    );
  const opener = find(toolbar, `[popovertarget="${windows.id}"]`);
  windows.addEventListener('toggle', ({ newState }) => {
    opener.setAttribute('aria-expanded', String(newState === 'open'));
    const { right, top } = opener.getBoundingClientRect();
    const lowest = Math.max(MARGIN, innerHeight - windows.offsetHeight - MARGIN);
    windows.style.setProperty('--left', `${right + MARGIN}px`); // the narrow layout has a place of its own
    windows.style.setProperty('--top', `${Math.min(top, lowest)}px`);
  });

  /** What the keys do, on the sheet and on the buttons. */
  const drawKeys = onChange(() => {
    sheetKeys.replaceChildren(
      ...KEYS.map(({ key, action, value }) => {
        const [row, term] = [create('div'), create('dt')];
        term.append(create('kbd', nameOfKey(key)));
        row.append(
          term,
          create(
            'dd',
            action === 'preset'
              ? t('key.preset', { name: t(`preset.${value}`), hint: t(`preset.${value}.hint`) })
              : t(`key.${value ?? action}`),
          ),
        );
        return row;
      }),
    );
    for (const button of [...buttons, ...strip.querySelectorAll('button')]) {
      const [label, shortcut] = [button.getAttribute('aria-label'), button.getAttribute('aria-keyshortcuts')];
      if (label) button.title = label + (shortcut ? ` (${shortcut})` : '');
    }
  });
  sheet.addEventListener('click', ({ target }) => {
    if (target === sheet) sheet.close();
  });
  keysToggle.addEventListener('change', () => session.display.setKeys(keysToggle.checked));

  const drawWindow = onChange(
    (
      /** @type {import('../../core/viewport/pixels.js').Pixels} */ pixels,
      /** @type {import('../../core/viewport/pixels.js').Window} */ window,
    ) => {
      const { low, high } = pixels.range;
      windowText.textContent = t('viewer.windowText', {
        width: String(Math.round(window.width)),
        level: String(Math.round(window.center)),
      });
      Object.assign(level, { min: low, max: high + 1, value: window.center });
      Object.assign(width, { min: 2, max: high - low + 1, value: window.width });
      for (const button of findAll(presets, 'button', HTMLButtonElement)) {
        const { center, width: span } = pixels.preset(button.dataset.preset ?? '');
        button.setAttribute('aria-pressed', String(center === window.center && span === window.width));
      }
    },
  );

  /** Two columns of tools if one is too long; in a frame of its own, as this changes the viewport's width. */
  const fold = onChange((/** @type {number} */ _height) => {
    requestAnimationFrame(() => {
      toolbar.removeAttribute('data-folded');
      toolbar.toggleAttribute('data-folded', toolbar.scrollHeight > toolbar.clientHeight);
    });
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const {
      picture,
      display,
      tool,
      viewport: { height },
    } = state;
    drawKeys();
    toolbar.hidden = strip.hidden = !picture;
    keysToggle.checked = state.keys;
    for (const button of buttons) {
      const { action, value } = button.dataset;
      if (action === 'tool') button.setAttribute('aria-pressed', String(value === tool));
      if (action === 'invert') button.setAttribute('aria-pressed', String(display.invert));
    }
    if (!hasPicture(state)) return;
    drawWindow(state.picture.pixels, windowOf(state));
    fold(height);
  };
}
