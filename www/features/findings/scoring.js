/** The work on the picture in the viewer: it is encoded once, and scored for one batch of findings after another. */
import { Actions } from '../../core/actions.js';
import { ranked, timingOf, unscored } from '../../core/derived.js';
import { Pump } from '../../core/pump.js';

const BATCH_MAX = 256;
const BATCH_MS = 500; // a batch's target length: progress stays visible on a slow device
const LIVE_MS = 500; // a device that scores a drawing within this does so while a slider moves

export class ScoringActions extends Actions {
  #batch = 1; // findings; later batches are as large as the time of the one before allows
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error),
  );

  /** Called when there is something to encode, to score or to draw. */
  async run() {
    if ((await this.#pump.run()) && this.state.model === 'ready') this.session.language.learnNames();
  }

  /** Selects the finding that ranks highest, unless a person has chosen one. */
  selectTop() {
    const { selected, selectedByPerson, work, scores } = this.state;
    if (selected && (selectedByPerson || work)) return;
    const top = ranked(this.state).at(0);
    if (top && scores.has(top)) this.update({ selected: top, selectedByPerson: false });
  }

  /** @returns {(() => Promise<void>) | null} */
  #next() {
    const { model, picture, redraw, work } = this.state;
    if (picture) {
      const { id, encoded } = picture;
      const missing = unscored(this.state);
      const timing = timingOf(this.state);
      const live = model === 'ready' && timing && timing.encode + timing.score < LIVE_MS;
      const complete = encoded && !missing.length;
      if (redraw && (complete || !live)) return () => this.session.picture.draw(redraw);
      if (model === 'ready' && !encoded) return () => this.#encode(id);
      if (model === 'ready' && missing.length) return () => this.#score(id, missing.slice(0, this.#batch));
    }
    return work ? () => this.#finish() : null;
  }

  async #finish() {
    this.update({ work: '' });
    this.selectTop();
  }

  /** @param {number} id Of the picture */
  async #encode(id) {
    this.update({ work: 'encoding' });
    const { view, verdict, embedding, ms } = await this.session.call('encode', { picture: id });
    const { picture } = this.state;
    if (id !== picture?.id) return;
    this.update({
      picture: { ...picture, view, verdict, embedding, encoded: true },
      encodeMs: ms,
    });
  }

  /** @param {number} id Of the picture @param {string[]} findings */
  async #score(id, findings) {
    this.update({ work: 'scoring' });
    const { scores, ms } = await this.session.call('score', { picture: id, findings });
    this.#batch = Math.max(1, Math.min(BATCH_MAX, Math.round((findings.length * BATCH_MS) / Math.max(ms, 1))));
    if (id !== this.state.picture?.id) return;
    this.update({
      scores: new Map([
        ...this.state.scores,
        ...findings.map(
          (finding, i) => /** @type {const} */ ([finding, { ...scores[i], picture: id, ms: ms / findings.length }]),
        ),
      ]),
    });
    this.selectTop();
  }
}
