/** The page's language, and the findings' names in it. */
import { Actions } from '../../core/actions.js';
import { setFindingNames, setLanguage } from '../../core/i18n.js';

export class LanguageActions extends Actions {
  /** The findings' names in other languages are known. */
  #named = false;

  /** @param {import('../../core/i18n.js').Language} language */
  async choose(language) {
    await this.learnNames();
    setLanguage(language);
    this.update({ language });
  }

  /** Learns the findings' Japanese names, which take the program a while. */
  async learnNames() {
    if (this.#named || !this.session.model.hasProgram) return;
    const names = await this.session.call('japanese', {}).catch(() => null);
    if (names) setFindingNames(names);
    this.#named = Boolean(names);
  }
}
