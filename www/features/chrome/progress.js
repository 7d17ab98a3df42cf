/** How far loading and scoring are, and which images percentiles are among. */
import { ranked, timingOf } from '../../core/derived.js';
import { byId } from '../../core/dom.js';
import { KINDS, plural, t, tell } from '../../core/i18n.js';
import { duration, megabytes, populationInWords } from '../../core/words.js';

/** @param {import('../../core/state.js').State} state @returns {[title: string, text: string]} */
function loadingWords({ device, download, weights }) {
  if (!device) return [t('chrome.starting'), t('chrome.program')];
  if (download)
    return [
      t('chrome.downloading'),
      t('chrome.downloaded', { received: megabytes(download.received), total: megabytes(download.total) }),
    ];
  return [t('chrome.preparing'), t(weights ? 'chrome.checking' : 'chrome.reading', { device: KINDS[device.kind] })];
}

/** A bar without a total is indeterminate. @param {HTMLProgressElement} bar @param {number} value @param {number} total */
function setBar(bar, value, total) {
  if (total) Object.assign(bar, { max: total, value });
  else bar.removeAttribute('value');
}

export function bindProgress() {
  const label = byId('device-label', HTMLButtonElement);
  const loading = byId('loading');
  const loadingTitle = byId('loading-title');
  const loadingText = byId('loading-text');
  const download = byId('download', HTMLProgressElement);
  const startAnew = byId('start-anew', HTMLButtonElement);
  const work = byId('work');
  const workText = byId('work-text');
  const workBar = byId('work-bar', HTMLProgressElement);
  const population = byId('population');
  const populationText = byId('population-text');
  const heads = byId('heads');
  const timing = byId('timing');

  startAnew.addEventListener('click', () => location.reload());

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { model, info, scores, findings, work: doing, download: bytes } = state;
    const times = timingOf(state);
    label.textContent = state.device
      ? KINDS[state.device.kind]
      : t(model === 'failed' || model === 'empty' ? 'chrome.stopped' : 'chrome.starting');
    label.title = tell(state.device?.reason ?? '');
    label.dataset.kind = state.device?.kind ?? '';
    label.disabled = model === 'empty'; // the dialog that it opens would fetch a model

    loading.hidden = model === 'ready';
    const [title, text] =
      model === 'failed'
        ? [t('chrome.notLoaded'), '']
        : model === 'empty'
          ? [t('forget.nothing'), t('forget.empty')]
          : loadingWords(state);
    loadingTitle.textContent = title;
    loadingText.textContent = text;
    download.hidden = model === 'failed' || model === 'empty';
    startAnew.hidden = model !== 'empty';
    setBar(download, bytes?.received ?? 0, bytes?.total ?? 0);

    const scored = findings.filter((finding) => scores.has(finding)).length;
    const quiet = Boolean(state.redraw || state.picture?.fromLab); // in the lab the layout must not jump
    work.hidden = !doing || quiet;
    workText.textContent =
      doing === 'encoding' ? t('work.encoding') : t('work.scoring', { scored, all: findings.length });
    setBar(workBar, scored, doing === 'scoring' ? findings.length : 0);
    heads.hidden = !ranked(state).some((finding) => scores.get(finding)?.percentile !== undefined);
    population.hidden = model !== 'ready' || (Boolean(doing) && !quiet);
    populationText.textContent = !info
      ? ''
      : !findings.length
        ? t('population.empty')
        : !state.picture
          ? t('population.noImage')
          : info.population
            ? t('population.among', { population: populationInWords(info) })
            : t('population.none');
    if (!doing || !quiet)
      timing.textContent =
        times?.scored && !doing
          ? plural('timing', times.scored, { encode: duration(times.encode), score: duration(times.score) })
          : '';
  };
}
