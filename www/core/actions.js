/** Base class of all features' actions: the session, its state, and a way to update that. */
export class Actions {
  /** @readonly */ session;

  /** @param {import('../session.js').Session} session */
  constructor(session) {
    this.session = session;
  }

  get state() {
    return this.session.state;
  }

  /** @param {Partial<import('./state.js').State>} patch */
  update(patch) {
    this.session.update(patch);
  }
}
