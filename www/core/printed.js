/** A dialog on paper. A modal one cannot be printed in place: it is cut off where the screen ends. */
import { contextOf, create, findAll } from './dom.js';

/** A copy of what the open dialog that may be printed shows, or null where none is open. @returns {HTMLElement | null} */
export function copyOfDialog() {
  const dialog = document.querySelector('dialog[data-printed][open]');
  if (!(dialog instanceof HTMLElement)) return null;
  const copy = create('div', undefined, `printed ${dialog.className}`);
  copy.append(...[...dialog.children].map((child) => child.cloneNode(true)));
  const copies = findAll(copy, 'canvas', HTMLCanvasElement);
  findAll(dialog, 'canvas', HTMLCanvasElement).forEach((canvas, i) => {
    if (canvas.width && canvas.height) contextOf(copies[i]).drawImage(canvas, 0, 0); // a clone has the size, and no pixels
  });
  const chosen = findAll(dialog, 'select', HTMLSelectElement);
  findAll(copy, 'select', HTMLSelectElement).forEach((select, i) =>
    select.replaceWith(create('strong', chosen[i].selectedOptions[0]?.text)),
  );
  return copy;
}
