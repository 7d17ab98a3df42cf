/** Many controls as one stop of the Tab key, with arrow keys among them. */
import { closest, findAll } from './dom.js';

/**
 * @param {HTMLElement} container @param {string} selector Of the controls @param {string[]} back Keys @param {string[]} forward Keys
 * @returns {() => void} To be called after the controls were replaced
 */
export function rove(container, selector, back, forward) {
  /** @type {HTMLElement | null} */ let stop = null;
  const all = () => findAll(container, selector, HTMLElement);

  function settle() {
    const controls = all();
    if (!stop || !controls.includes(stop)) stop = controls[0] ?? null;
    for (const control of controls) control.tabIndex = control === stop ? 0 : -1;
  }

  container.addEventListener('focusin', (event) => {
    const control = closest(event, selector);
    if (!control || control === stop) return;
    if (stop) stop.tabIndex = -1;
    control.tabIndex = 0;
    stop = control;
  });
  container.addEventListener('keydown', (event) => {
    const controls = all();
    const control = closest(event, selector);
    const at = control ? controls.indexOf(control) : -1;
    /** @type {Record<string, number>} */ const ends = { Home: 0, End: controls.length - 1 };
    const to = back.includes(event.key) ? at - 1 : forward.includes(event.key) ? at + 1 : ends[event.key];
    if (at < 0 || to === undefined || !controls[to]) return;
    event.preventDefault();
    controls[to].focus();
  });
  settle();
  return settle;
}
