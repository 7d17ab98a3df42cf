/** How instances of the program in several workers wait for each other: on the first number of a shared array. */

/** Falling asleep and waking can cost either side most of a millisecond, so a wait begins with polling. */
const LOOKING_MS = 2;
const LOOKS = 1000; // between two looks at the clock

/**
 * Waits while the array's first number is `number`. A call meant for an earlier wait may come late, so it looks again.
 *
 * @param {Int32Array} shared @param {number} number @param {number} [patience] Milliseconds
 */
export function waitWhile(shared, number, patience) {
  for (const end = performance.now() + LOOKING_MS; performance.now() < end;) {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(shared, 0) !== number) return;
  }
  while (Atomics.wait(shared, 0, number, patience) === 'ok'); // 'not-equal' once the number has changed
}

/** Changes the array's first number if it is still `from`, and wakes who waits. Returns whether it was. @param {Int32Array} shared @param {number} from @param {number} to */
export function change(shared, from, to) {
  const changed = Atomics.compareExchange(shared, 0, from, to) === from;
  Atomics.notify(shared, 0);
  return changed;
}
