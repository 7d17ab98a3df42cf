/** Everything around the work: progress, device and model facts, errors, announcements, the About dialog. */
import { byId, create, onChange } from '../../core/dom.js';
import { phase, ranked } from '../../core/state.js';
import {
  LANGUAGES,
  folderInWords,
  glossOf,
  language,
  number,
  plural,
  populationInWords,
  t,
  tell,
} from '../../core/i18n.js';
import { duration, megabytes, standing, viewInWords } from '../../core/words.js';

const RESTED_MS = 900;
const NAMES = { en: 'English', ja: '日本語' };
const KINDS = { cpu: 'CPU', webgpu: 'WebGPU' };

/** @param {[string, string][]} facts */
const definitions = (facts) => facts.flatMap(([term, text]) => [create('dt', term), create('dd', text)]);

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

/** @param {import('../../session.js').Session} session */
export function bindChrome(session) {
  const [
    label,
    loading,
    loadingTitle,
    loadingText,
    download,
    work,
    workText,
    workBar,
    population,
    heads,
    timing,
    live,
  ] = [
    'device-label',
    'loading',
    'loading-title',
    'loading-text',
    'download',
    'work',
    'work-text',
    'work-bar',
    'population',
    'heads',
    'timing',
    'live',
  ].map(byId);
  const [notice, noticeTitle, noticeText, retry, useOwn, useCpu, dismiss, startAnew] = [
    'notice',
    'notice-title',
    'notice-text',
    'retry',
    'use-own',
    'use-cpu',
    'dismiss',
    'start-anew',
  ].map(byId);
  const reportOpen = byId('report-open');
  const [modelTitle, facts, source, device, reason, about, aboutModel, credits] = [
    'model-title',
    'model-facts',
    'model-source',
    'device',
    'device-reason',
    'about',
    'about-model',
    'credits',
  ].map(byId);

  const [offline, update] = ['offline', 'update'].map(byId);

  const languageButton = byId('language');

  const menu = byId('menu');
  menu.addEventListener(
    'click',
    ({ target }) => {
      if (target.closest('button') && menu.matches(':popover-open')) menu.hidePopover();
    },
    { capture: true },
  ); // on a phone, before what was asked for opens
  languageButton.addEventListener('click', () => session.setLanguage(languageButton.value));
  update.addEventListener('click', () => location.reload());
  retry.addEventListener('click', () => session.start());
  useOwn.addEventListener('click', () => session.useOwnModel());
  startAnew.addEventListener('click', () => location.reload());
  useCpu.addEventListener('click', () => session.setPreference('cpu'));
  dismiss.addEventListener('click', () => session.dismiss());
  device.addEventListener('change', ({ target }) => session.setPreference(target.value));
  byId('about-open').addEventListener('click', () => about.showModal());
  about.addEventListener('click', ({ target }) => {
    if (target === about) about.close();
  });

  const drawInfo = onChange((/** @type {any} */ info) => {
    if (!info) return;
    modelTitle.textContent = info.title;
    facts.replaceChildren(
      ...definitions([
        [t('model.version'), info.version],
        [
          t('model.size'),
          t('model.sizeText', {
            parameters: number(info.parameters, { notation: 'compact', maximumFractionDigits: 1 }),
            precision: info.precision,
            megabytes: megabytes(info.bytes),
          }),
        ],
        [t('model.license'), info.license],
        [t('model.view'), viewInWords(info)],
        [t('model.device'), `${KINDS[info.device.kind]}, ${info.device.name}`],
      ]),
    );
    aboutModel.textContent = t('about.loaded', {
      title: info.title,
      version: info.version,
      license: info.license,
      megabytes: megabytes(info.bytes),
      folder: folderInWords(session.state.folder),
      view: viewInWords(info),
    });
    credits.replaceChildren(
      ...info.credits.map(({ what, who, license }) => create('li', `${what}: ${who} (${license})`)),
    );
  });

  const announce = onChange((/** @type {string} */ now, /** @type {import('../../core/state.js').State} */ state) => {
    const top = ranked(state)[0];
    const percentile = state.scores.get(top)?.percentile;
    const highest =
      percentile === undefined
        ? ''
        : t('live.highest', {
            finding: glossOf(top) || top,
            standing: t('percentile', { standing: standing(percentile) }),
          });
    live.textContent = {
      loading: t('live.loading'),
      ready: t('live.ready'),
      working: t('work.encoding'),
      done: [plural('live.scored', state.findings.length), highest].filter(Boolean).join(' '),
      error: '', // the notice speaks
      empty: t('forget.nothing'),
    }[now];
  });

  const drawNotice = onChange(
    (
      /** @type {import('../../core/state.js').Notice | null} */ refusal,
      /** @type {import('../../core/state.js').Failure | null} */ failure,
    ) => {
      const now = refusal ?? failure;
      notice.hidden = !now;
      if (!now) return;
      noticeTitle.textContent = tell(now.title);
      noticeText.textContent = tell(now.text);
      retry.hidden = Boolean(refusal);
      retry.textContent = t(failure?.crash ? 'notice.restart' : 'notice.retry');
      useOwn.hidden = Boolean(refusal) || !failure?.offerOwn;
      useCpu.hidden = Boolean(refusal) || !failure?.offerCpu;
      dismiss.hidden = !refusal;
      reportOpen.hidden = !now.report;
    },
  );

  /** A bar without a total is indeterminate. @param {HTMLProgressElement} bar @param {number} value @param {number} total */
  function setBar(bar, value, total) {
    if (total) Object.assign(bar, { max: total, value });
    else bar.removeAttribute('value');
  }

  /** In the lab the chosen finding is told, once the drawing has rested. */
  const announceDrawing = onChange(
    (
      /** @type {import('../../core/state.js').Picture | null} */ picture,
      /** @type {string} */ now,
      /** @type {string} */ text,
    ) => {
      clearTimeout(resting);
      if (picture?.redrawn && now === 'done')
        resting = setTimeout(() => {
          live.textContent = text;
        }, RESTED_MS);
    },
  );

  let resting = 0;
  let announced = '';
  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { model, info, scores, findings, work: doing, timing: times, download: bytes } = state;
    const now = phase(state);
    label.textContent = state.device
      ? KINDS[state.device.kind]
      : t(model === 'failed' || model === 'empty' ? 'chrome.stopped' : 'chrome.starting');
    label.title = tell(state.device?.reason ?? '');
    label.dataset.kind = state.device?.kind ?? '';

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
    for (const id of ['tour-open', 'teach-toggle', 'tour-take']) byId(id).disabled = model === 'empty'; // nothing is there to show
    setBar(download, bytes?.received ?? 0, bytes?.total ?? 0);

    const scored = findings.filter((finding) => scores.has(finding)).length;
    const quiet = Boolean(state.redraw || state.picture?.redrawn); // the lab: nothing may jump
    work.hidden = !doing || quiet;
    workText.textContent =
      doing === 'encoding' ? t('work.encoding') : t('work.scoring', { scored, all: findings.length });
    setBar(workBar, scored, doing === 'scoring' ? findings.length : 0);
    heads.hidden = !ranked(state).some((finding) => scores.get(finding)?.percentile !== undefined);
    population.hidden = model !== 'ready' || (Boolean(doing) && !quiet);
    population.textContent = !info
      ? ''
      : !findings.length
        ? t('population.empty')
        : !state.picture
          ? t('population.noImage')
          : info.population
            ? t('population.among', { population: populationInWords(info.population) })
            : t('population.none');
    if (!doing || !quiet)
      timing.textContent =
        times && !doing
          ? plural('timing', times.scored, { encode: duration(times.encode), score: duration(times.score) })
          : '';

    const other = LANGUAGES[(LANGUAGES.indexOf(language()) + 1) % LANGUAGES.length];
    Object.assign(languageButton, { value: other, lang: other, textContent: NAMES[other] });
    drawInfo(info);
    drawNotice(state.notice, state.failure);
    source.textContent = tell(state.weights) || t('weights.none');
    reason.textContent = tell(state.device?.reason ?? '');
    offline.textContent =
      state.offline.kept && state.folder.kind === 'site' && state.model === 'ready' && !state.weights.values?.trouble
        ? t('offline.ready')
        : t('offline.no');
    update.hidden = !state.offline.update;
    for (const radio of device.querySelectorAll('input')) radio.checked = radio.value === state.preference;
    const percentile = scores.get(state.selected)?.percentile;
    announceDrawing(
      state.picture,
      now,
      percentile === undefined
        ? ''
        : t('live.drawing', {
            finding: glossOf(state.selected) || state.selected,
            standing: t('percentile', { standing: standing(percentile) }),
          }),
    );
    if (now !== announced && !(quiet && ['working', 'done'].includes(now))) announce(now, state);
    announced = now;
  };
}
