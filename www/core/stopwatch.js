/** Counts the time that a person has a picture before the eyes: it stops while the page is hidden. */
export class Stopwatch {
  #counted = 0;
  /** @type {number | null} */ #since = null;
  #running = false;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#follow());
  }

  #follow() {
    const counts = this.#running && document.visibilityState === 'visible';
    if (counts) this.#since ??= performance.now();
    else if (this.#since !== null) {
      this.#counted += performance.now() - this.#since;
      this.#since = null;
    }
  }

  /** Back to 0. */
  reset() {
    this.stop();
    this.#counted = 0;
  }

  /** From 0. */
  start() {
    this.reset();
    this.#running = true;
    this.#follow();
  }

  stop() {
    this.#running = false;
    this.#follow();
  }

  /** What it has counted. */
  get seconds() {
    return (this.#counted + (this.#since === null ? 0 : performance.now() - this.#since)) / 1000;
  }
}
