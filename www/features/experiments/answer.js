/** What an experiment answered, or why it could not. */
import { t } from '../../core/i18n.js';

/** The answer, once there is one. @template T @param {T | {error: string} | undefined} answer @returns {T | null} */
export const known = (answer) => (isRefusal(answer) || answer === undefined ? null : answer);

/** In words: what `say` makes of it, why there is none, or that it is being computed. @template T @param {T | {error: string} | undefined} answer @param {(answer: T) => string} say */
export function answerInWords(answer, say) {
  if (isRefusal(answer)) return t('why.failed', { message: answer.error });
  return answer === undefined ? t('experiments.working') : say(answer);
}

/** @param {unknown} answer @returns {answer is {error: string}} */
const isRefusal = (answer) => typeof answer === 'object' && answer !== null && 'error' in answer;
