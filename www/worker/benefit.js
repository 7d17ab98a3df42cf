/**
 * Whether the members of a pool help. On a busy machine they do not: they are interrupted while they compute, and the lead waits for
 * them for longer than it would have taken to do their shares itself. Then the lead works alone for a while, and tries again.
 */

/** Time of shared work after which it is judged. */
const WINDOW_MS = 20;
/** How long the lead works alone after members did not help: longer each time, until they do. */
const SHORTEST_MS = 250;
const LONGEST_MS = 8000;
/** Sharing has to take at most this part of the time that the lead would take alone. */
const WORTHWHILE = 0.9;

export class Benefit {
  #shared = 0;
  #alone = 0;
  #pause = SHORTEST_MS;
  #pausedUntil = 0;

  /**
   * Notes a shared operation.
   *
   * @param {number} members Those that took part
   * @param {number} took Milliseconds from its start to its end, as the lead saw them
   * @param {number} waited Those of them in which the lead waited for members
   * @param {number} now Milliseconds
   */
  note(members, took, waited, now) {
    this.#shared += took;
    this.#alone += (took - waited) * (members + 1); // all shares are alike
    if (this.#shared < WINDOW_MS) return;
    const helps = this.#shared <= WORTHWHILE * this.#alone;
    if (helps) this.#pause = SHORTEST_MS;
    else {
      this.#pausedUntil = now + this.#pause;
      this.#pause = Math.min(2 * this.#pause, LONGEST_MS);
    }
    this.#shared = this.#alone = 0;
  }

  /** Whether the lead should work alone. @param {number} now Milliseconds */
  isPaused(now) {
    return now < this.#pausedUntil;
  }
}
