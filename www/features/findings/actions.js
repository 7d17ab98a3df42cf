/** The list of findings: what a person adds, removes and selects. */
import { Actions } from '../../core/actions.js';
import { codedFrom } from '../../core/errors.js';
import { programMessage } from '../../core/i18n.js';
import { reviewOf } from '../../core/review.js';
import { shortened } from '../../core/words.js';

const SUGGESTIONS = 7;

const tidy = (/** @type {string} */ text) => text.trim().replace(/\s+/g, ' ');
const same = (/** @type {string} */ a, /** @type {string} */ b) => a.toLowerCase() === b.toLowerCase();

export class FindingActions extends Actions {
  /** Replaces the list by a preset; what a person typed stays. @param {string} id */
  choosePreset(id) {
    const { info, findings, preset } = this.state;
    const find = (/** @type {string} */ wanted) => info?.presets.find((entry) => entry.id === wanted)?.findings ?? [];
    const own = findings.filter((finding) => ![...find(preset), ...find(id)].some((other) => same(other, finding)));
    this.replace([...own, ...find(id)], { preset: id, removed: [], selectedByPerson: false });
  }

  /** Replaces the list. @param {string[]} findings @param {Partial<import('../../core/state.js').State>} patch */
  replace(findings, patch) {
    const selected = patch.selected ?? this.state.selected;
    this.update({ findings, taken: null, ...patch, selected: findings.includes(selected) ? selected : '' });
    this.session.scoring.selectTop();
    this.session.scoring.run();
  }

  /** Adds all of them or none, and selects the first. @param {string[]} texts @param {Partial<import('../../core/state.js').State>} [patch] @returns {Promise<boolean>} Whether they are on the list now. */
  async add(texts, patch) {
    const wanted = texts.map(tidy).filter((text, i, all) => text && all.findIndex((other) => same(other, text)) === i);
    if (!wanted.length) return false;
    try {
      await Promise.all(wanted.map((finding) => this.session.call('sentence', { finding })));
    } catch (error) {
      const { values = {}, ...known } = codedFrom(error);
      const reason = typeof values.reason === 'string' ? shortened(values.reason) : values.reason;
      const told = programMessage({ ...known, values: { ...values, reason } });
      this.update({ findingError: known.code === 'stopped' ? '' : told });
      return false;
    }
    const { findings } = this.state;
    const known = (/** @type {string} */ finding) => findings.find((other) => same(other, finding));
    const fresh = wanted.filter((finding) => !known(finding));
    const selected = known(wanted[0]) ?? wanted[0];
    this.session.rewriting.stop();
    this.replace([...fresh, ...findings], {
      selected,
      selectedByPerson: true,
      findingError: '',
      review: null,
      ...patch,
    });
    return true;
  }

  /**
   * How a text is understood, and the finding that it names, if it names one: as the page's list spells it, or else as
   * the model's presets do.
   *
   * @param {string} text
   * @returns {Promise<{finding: string | undefined, typed: import('../../worker/jobs.js').Typed}>}
   */
  async read(text) {
    /** @type {import('../../worker/jobs.js').Typed} */ const nothing = { names: [], statements: [], rulesOut: false };
    const typed = await this.session.call('typed', { text }).catch(() => nothing);
    const { findings, info } = this.state;
    const among = (/** @type {string[]} */ list) =>
      [tidy(text), ...typed.names].map((name) => list.find((other) => same(other, name))).find(Boolean);
    const preset = info?.presets.flatMap((each) => each.findings) ?? [];
    return { finding: among(findings) ?? among(preset) ?? typed.names.at(0), typed };
  }

  /**
   * What was typed is aligned first. A name, synonym or abbreviation joins the list as the finding that it stands for;
   * anything else is opened for review, from where it can also be sent as it is.
   *
   * @param {string} text
   * @returns {Promise<boolean>} Whether it is on the list now.
   */
  async submit(text) {
    const own = tidy(text);
    if (!own) return false;
    const { finding, typed } = await this.read(text);
    if (finding) return this.add([finding], { taken: same(finding, own) ? null : { text: own, finding } });
    this.update({ review: reviewOf(text, typed), findingError: '', taken: null });
    return false;
  }

  cancelReview() {
    this.session.rewriting.stop();
    this.update({ review: null, findingError: '' });
  }

  /** @param {string} prefix @returns {Promise<{text: string, finding: string}[]>} */
  complete(prefix) {
    return this.session.call('complete', { prefix, limit: SUGGESTIONS }).catch(() => []);
  }

  /** The sentence that the model gets for a finding. @param {string} finding @returns {Promise<string>} */
  sentence(finding) {
    return this.session.call('sentence', { finding }).catch(() => '');
  }

  /** Takes findings off the list. They can be restored, with those removed before unless the whole list is cleared. @param {string[]} gone */
  remove(gone) {
    const { findings, removed } = this.state;
    this.replace(
      findings.filter((finding) => !gone.includes(finding)),
      { removed: gone.length === findings.length ? gone : [...removed, ...gone] },
    );
  }

  restore() {
    this.replace([...new Set([...this.state.findings, ...this.state.removed])], { removed: [] });
  }

  /** @param {string} finding */
  select(finding) {
    this.update({ selected: finding, selectedByPerson: true });
  }
}
