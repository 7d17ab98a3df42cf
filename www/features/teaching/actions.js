/** Reading cases: what the reader says, the reveal or the next case, and how long it took. */
import { codedFrom } from '../../core/errors.js';
import { hasPicture, phase } from '../../core/derived.js';
import { programMessage } from '../../core/i18n.js';
import { readPack } from '../../core/pack.js';
import { beginning, earlierOf, isAided, isReady, isOver, missingIn, roundOf } from '../../core/round.js';
import { Stopwatch } from '../../core/stopwatch.js';
import { AnswerActions } from './answer.js';
import { boxesOf, compare, knownOf } from './compare.js';
import { roundOfTen } from './ten.js';
import { difficultyOf, learn, readProgress, writeProgress } from './progress.js';

/** @typedef {import('../../core/round.js').Round} Round */

const randomSeed = () => Math.floor(Math.random() * 2 ** 31);

export class TeachingActions extends AnswerActions {
  #watch = new Stopwatch();
  /** Whether the clock of a reading with the model waits for the scores. */ #waits = false;
  /** The list of findings before a round had one of its own. @type {Pick<import('../../core/state.js').State, 'findings' | 'preset'> | null} */
  #before = null;

  /** @param {import('../../session.js').Session} session */
  constructor(session) {
    super(session);
    this.update({ progress: readProgress() });
  }

  /** Seconds since the picture was shown, with those of the reading without the model before. */
  get seconds() {
    const { round } = this.state;
    return this.#watch.seconds + ((round && earlierOf(round)?.seconds) ?? 0);
  }

  /** Begins or ends teaching mode, in the viewer and with one picture. @param {boolean} on */
  teach(on) {
    if (on) this.begin(roundOf({ purpose: 'one' }));
    else this.#end();
  }

  /** @param {Round} round */
  begin(round) {
    const { findings, preset } = this.state;
    this.session.series.leaveTable();
    if (this.state.compare) this.session.comparison.stop();
    this.update({ round, truth: false, tour: -1, notice: null });
    this.session.display.chooseTool('window');
    if (round.findings.length) {
      this.#before ??= { findings, preset };
      this.session.findings.replace([...round.findings], { preset: '', removed: [], selectedByPerson: false });
    }
    if (round.cases.length && !isOver(round)) this.#present();
  }

  #end() {
    this.#watch.stop();
    if (this.state.round?.purpose === 'study') this.session.picture.close(); // its case may be read again
    this.update({ round: null, truth: false });
    if (this.#before) this.session.findings.replace(this.#before.findings, { ...this.#before, removed: [] });
    this.#before = null;
  }

  /** Begins a round of ten: chests as hard as the learner's level, or cases of a pack. @param {import('../../core/pack.js').Pack} [pack] */
  ten(pack) {
    this.begin(roundOfTen(this.state.progress.level, randomSeed(), pack));
  }

  /** Begins a round of ten cases of a pack that was chosen. @param {import('../../core/files.js').Named[]} files */
  async openPack(files) {
    try {
      const pack = await readPack(files);
      await Promise.all(pack.findings.map((finding) => this.session.call('sentence', { finding })));
      this.ten(pack);
    } catch (error) {
      this.session.notices.refuse({ key: 'pack.refused' }, programMessage(codedFrom(error)));
    }
  }

  /** Shows a random synthetic chest, in a round of one. */
  async surprise() {
    if (this.state.round?.purpose !== 'one') this.begin(roundOf({ purpose: 'one' }));
    this.change({ ready: false }); // an answer given now would be about the picture before
    await this.#draw({ seed: randomSeed(), difficulty: difficultyOf(this.state.progress.level) });
  }

  /** @param {import('../../core/round.js').DrawnCase} chest */
  async #draw(chest) {
    this.session.series.leaveTable();
    const params = await this.session.call('chest', chest);
    await this.session.picture.openExample({ name: 'surprise', title: 'Chest of this round', params });
  }

  /** Opens the case of the current step. */
  async #present() {
    const { round } = this.state;
    const step = round?.steps[round.at];
    if (!round || !step) return;
    this.#watch.reset();
    this.change({ ready: false });
    const one = round.cases[step.case];
    if ('seed' in one) await this.#draw(one);
    else if (one.file)
      await this.session.picture.openFile(one.file, { key: 'teach.case', values: { number: step.case + 1 } });
  }

  /** Called when a picture was opened: it is the case to read. */
  goOn() {
    const { round } = this.state;
    if (!round) return;
    if (round.purpose === 'one') this.update({ round: roundOf({ purpose: 'one', rounds: round.rounds }) });
    else this.change({ ready: true, answer: beginning(round), finding: '', outcome: null });
    this.#waits = isAided(round);
    if (!this.#waits) requestAnimationFrame(() => this.#watch.start()); // the picture is on the screen then
  }

  /** A case that cannot be opened is left out; in a round of one the picture before stays. */
  refused() {
    const { round } = this.state;
    const step = round?.steps[round.at];
    if (!round || !step) return;
    if (round.purpose === 'one') return this.change({ ready: true });
    const steps = round.steps.filter((each, i) => i < round.at || each.case !== step.case);
    this.change({ steps });
    this.#goTo(round.at);
  }

  /** Starts the clock of a reading with the model once all is scored. */
  settle() {
    const { round } = this.state;
    if (!this.#waits || !round || phase(this.state) !== 'done') return;
    this.#waits = false;
    requestAnimationFrame(() => this.#watch.start());
  }

  /** Ends the step: a learner is shown everything, a reader of a study the model or the next case. */
  submit() {
    const { state } = this;
    const { round, findings } = state;
    if (!round || !isReady(round) || !hasPicture(state) || missingIn(round, findings)) return;
    if (phase(state) !== 'done' && (round.purpose !== 'study' || isAided(round))) return;
    const known = knownOf(state, round);
    const given = [...round.given, { ...round.answer, seconds: this.seconds }];
    const all = [...round.known];
    all[round.steps[round.at].case] = known;
    this.change({ given, known: all });
    if (round.purpose === 'study') this.#goTo(round.at + 1);
    else this.#reveal(state, known.truth);
  }

  /** @param {import('../../core/state.js').Viewed} state @param {import('../../core/round.js').Truth} truth */
  #reveal(state, truth) {
    const { round } = this.state;
    if (!round) return;
    this.#watch.stop();
    const known = Object.keys(truth).length ? truth : null;
    const outcome = compare(state, round.answer, known);
    if (known) {
      const progress = learn(state.progress, round.answer, known, outcome.placed, 'phantom' in state.picture.source);
      writeProgress(progress);
      this.update({ progress });
    }
    const found = outcome.rows.find(({ finding }) => state.scores.has(finding));
    this.update({
      round: { ...round, rounds: round.rounds + 1, outcome },
      picture: { ...state.picture, truth: boxesOf(truth) },
      truth: Boolean(known),
      selected: found?.finding ?? state.selected,
      selectedByPerson: true,
    });
  }

  /** Goes to the case after the one that was shown. */
  next() {
    const { round } = this.state;
    if (round) this.#goTo(round.at + 1);
  }

  /** @param {number} at A step */
  #goTo(at) {
    const { round } = this.state;
    if (!round) return;
    const next = { ...round, at, outcome: null };
    const goesOn = earlierOf(next) !== undefined; // the same case, now with the model: picture and answer stay
    this.#watch.stop();
    this.update({ round: { ...next, answer: beginning(next), finding: '' }, truth: false });
    this.#waits = goesOn;
    if (round.purpose === 'study' && this.session.study.answered()) this.#end();
    else if (!goesOn && !isOver(next)) this.#present();
  }
}
