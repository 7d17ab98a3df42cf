/**
 * A language model's reading of a text in place of the rules', when a person asks for it. Its answer is not trusted:
 * the program's vocabulary checks it, as `carzero align --llm` does. Whatever fails leaves what the rules found.
 */
import { Actions } from '../../core/actions.js';
import { CodedError, codedFrom } from '../../core/errors.js';
import { programMessage } from '../../core/i18n.js';
import { reviewOf } from '../../core/review.js';
import { askBuiltIn, builtIn } from './builtin.js';
import { askEndpoint, completionsOf } from './endpoint.js';

const TIMEOUT = 60_000; // for a slow model on this device
const NAMED = 5; // how many of the names that were left out are told

/** Whether a text can be sent. @param {import('../../core/review.js').Rewriter} rewriter */
export const isSetUp = ({ by, url, model }) =>
  by === 'browser' || (by === 'endpoint' && Boolean(completionsOf(url) && model.trim()));

export class RewriteActions extends Actions {
  /** @type {AbortController | null} */ #request = null;

  /** @param {Partial<import('../../core/review.js').Rewriter>} change */
  setUp(change) {
    this.update({ rewriter: { ...this.state.rewriter, ...change } });
  }

  /** Looks for a model of the browser's own. */
  async look() {
    this.setUp({ builtIn: await builtIn() });
  }

  /** Sends the text under review, and nothing else. */
  async rewrite() {
    const { review, rewriter } = this.state;
    if (!review || review.busy || !isSetUp(rewriter)) return;
    const request = new AbortController();
    this.#request = request;
    const timer = setTimeout(() => request.abort(new CodedError('no-answer', `${TIMEOUT / 1000} s`)), TIMEOUT);
    this.update({ review: { ...review, busy: true, note: '' } });
    const end = (/** @type {Partial<import('../../core/review.js').Review>} */ change) => {
      const now = this.state.review;
      if (now && this.#request === request) this.update({ review: { ...now, busy: false, ...change } });
    };
    try {
      const rewriting = await this.session.call('rewriting', {});
      const ask =
        rewriter.by === 'browser'
          ? askBuiltIn(rewriting, review.text, request.signal)
          : askEndpoint(rewriter, rewriting, review.text, request.signal);
      const { statements, unknownFindings, unknownPlaces } = await this.session.call('readAnswer', {
        text: review.text,
        answer: await ask,
      });
      const unknown = [...new Set([...unknownFindings, ...unknownPlaces])].slice(0, NAMED).join(', ');
      end({
        statements,
        near: undefined,
        rewritten: true,
        note: unknown
          ? { key: 'rewrite.leftOut', values: { unknown } }
          : { key: statements.length ? 'rewrite.done' : 'rewrite.rulesLeft' },
      });
    } catch (error) {
      const key = review.rewritten ? 'rewrite.failedAgain' : 'rewrite.failed';
      end({ note: { key, values: { reason: programMessage(codedFrom(error)) } } });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Back to what the rules found. */
  useRules() {
    const { review } = this.state;
    if (review) this.update({ review: reviewOf(review.text, review.byRules) });
  }

  /** Called when the review is over: aborts the request. */
  stop() {
    const request = this.#request;
    this.#request = null;
    request?.abort(new CodedError('stopped', 'no longer asked for'));
  }
}
