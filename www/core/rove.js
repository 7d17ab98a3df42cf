/** Many controls as one stop of the Tab key, with arrow keys among them. */

/**
 * @param {HTMLElement} container @param {string} selector Of the controls @param {string[]} back Keys @param {string[]} forward Keys
 * @returns {() => void} To be called when the controls are others
 */
export function rove(container, selector, back, forward) {
  /** @type {Element | null} */ let stop = null;
  const all = () => /** @type {HTMLElement[]} */ ([...container.querySelectorAll(selector)]);

  function settle() {
    const controls = all();
    if (!stop || !controls.includes(/** @type {HTMLElement} */ (stop))) stop = controls[0] ?? null;
    for (const control of controls) control.tabIndex = control === stop ? 0 : -1;
  }

  container.addEventListener('focusin', ({ target }) => {
    const control = target.closest(selector);
    if (!control || control === stop) return;
    if (stop) /** @type {HTMLElement} */ (stop).tabIndex = -1;
    control.tabIndex = 0;
    stop = control;
  });
  container.addEventListener('keydown', (event) => {
    const controls = all();
    const at = controls.indexOf(event.target.closest(selector));
    const to = back.includes(event.key)
      ? at - 1
      : forward.includes(event.key)
        ? at + 1
        : { Home: 0, End: controls.length - 1 }[event.key];
    if (at < 0 || to === undefined || !controls[to]) return;
    event.preventDefault();
    controls[to].focus();
  });
  settle();
  return settle;
}
