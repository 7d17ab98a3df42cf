/** How instances of the program in several workers wait for each other: on the first number of a shared array. */

/** Falling asleep and waking can cost either side most of a millisecond, so it is looked for as long first. */
const LOOKING_MS = 2;
const LOOKS = 1000; // from one look at the clock to the next

/**
 * Waits while it is this number. A call that was meant for the wait before may come late, so being woken says nothing.
 *
 * @param {Int32Array} shared @param {number} number @param {number} [patience] Milliseconds
 */
export function waitWhile(shared, number, patience) {
  for (const end = performance.now() + LOOKING_MS; performance.now() < end;) {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(shared, 0) !== number) return;
  }
  while (Atomics.wait(shared, 0, number, patience) === 'ok'); // 'not-equal' once it is another
}

/** From one number to another, if it is still the one; who waits is woken. @param {Int32Array} shared @param {number} from @param {number} to */
export function change(shared, from, to) {
  const changed = Atomics.compareExchange(shared, 0, from, to) === from;
  Atomics.notify(shared, 0);
  return changed;
}
