/** What the actions of all features have: the session, the state, and how that changes. */
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
