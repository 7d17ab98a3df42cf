/** Setting up a language model for the text under review, and asking it. */
import { byId } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { completionsOf } from './endpoint.js';
import { isSetUp } from './actions.js';

/** @param {import('../../session.js').Session} session */
export function bindRewrite(session) {
  const form = byId('rewrite', HTMLFormElement);
  const settings = byId('rewrite-settings', HTMLDetailsElement);
  const own = byId('rewrite-own', HTMLInputElement);
  const ownText = byId('rewrite-own-text');
  const endpoint = byId('rewrite-endpoint');
  const url = byId('rewrite-url', HTMLInputElement);
  const model = byId('rewrite-model', HTMLInputElement);
  const key = byId('rewrite-key', HTMLInputElement);
  const urlError = byId('rewrite-url-error');
  const go = byId('rewrite-go', HTMLButtonElement);
  const rules = byId('rewrite-rules', HTMLButtonElement);
  const status = byId('rewrite-status');
  const actions = session.rewriting;

  settings.addEventListener('toggle', () => {
    if (settings.open) actions.look();
  });
  form.addEventListener('input', () => {
    const by = /** @type {import('../../core/review.js').By} */ (new FormData(form).get('rewriter'));
    actions.setUp({ by, url: url.value, model: model.value.trim(), key: key.value.trim() });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    settings.open = false; // makes room for the result
    actions.rewrite();
  });
  rules.addEventListener('click', () => actions.useRules());

  return (/** @type {import('../../core/state.js').State} */ { review, rewriter }) => {
    const { by, builtIn } = rewriter;
    form.hidden = !review;
    own.disabled = !builtIn;
    ownText.textContent = t(
      builtIn === 'ready' ? 'rewrite.own' : builtIn ? 'rewrite.ownFetched' : 'rewrite.ownMissing',
    );
    endpoint.hidden = by !== 'endpoint';
    const wrong = Boolean(url.value.trim()) && !completionsOf(url.value);
    urlError.hidden = !wrong;
    url.setAttribute('aria-invalid', String(wrong));
    go.hidden = by === 'off';
    go.disabled = !isSetUp(rewriter) || Boolean(review?.busy);
    go.textContent = review?.busy
      ? t('rewrite.busy')
      : by === 'browser'
        ? t('rewrite.goOwn')
        : t('rewrite.go', { host: URL.parse(completionsOf(url.value) ?? '')?.host ?? '…' });
    rules.hidden = !review?.rewritten;
    status.textContent = review ? tell(review.note) : '';
  };
}
