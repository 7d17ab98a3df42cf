/** Setting up a language model for the text under review, and asking it. */
import { byId } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { completionsOf } from './endpoint.js';
import { isSetUp } from './actions.js';

/** @param {import('../../session.js').Session} session */
export function bindRewrite(session) {
  const [form, settings, own, ownText, endpoint, url, model, key, urlError, go, rules, status] = [
    'rewrite',
    'rewrite-settings',
    'rewrite-own',
    'rewrite-own-text',
    'rewrite-endpoint',
    'rewrite-url',
    'rewrite-model',
    'rewrite-key',
    'rewrite-url-error',
    'rewrite-go',
    'rewrite-rules',
    'rewrite-status',
  ].map(byId);
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
    settings.open = false; // room for what comes of it
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
