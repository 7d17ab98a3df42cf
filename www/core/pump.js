/** Work in the background: does one missing thing after another, until nothing is missing or a step fails. */
export class Pump {
  #next;
  #failed;
  #busy = false;

  /** @param {() => (() => Promise<void>) | null} next What to do now, or null @param {(error: unknown) => void} failed Whatever is missing then waits for the next `run` */
  constructor(next, failed) {
    this.#next = next;
    this.#failed = failed;
  }

  /** Called whenever something may be missing. @returns {Promise<boolean>} Whether nothing is missing any more; false also if it was running already */
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
