/** Work in the background: the next thing that is missing, one after another, until nothing is or one fails. */
export class Pump {
  #next;
  #failed;
  #busy = false;

  /** @param {() => (() => Promise<void>) | null} next What to do now, or null @param {(error: unknown) => void} failed Whatever is missing then waits for the next `run` */
  constructor(next, failed) {
    this.#next = next;
    this.#failed = failed;
  }

  /** Called whenever something may be missing. @returns {Promise<boolean>} Whether nothing is any more; false also where it was at work already */
  async run() {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      for (let step = this.#next(); step; step = this.#next()) await step();
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.#busy = false;
    }
  }
}
