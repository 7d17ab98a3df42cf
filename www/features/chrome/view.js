/** Everything around the work: progress, device and model facts, errors, announcements, the About dialog. */
import { byId, closest, create, onChange } from '../../core/dom.js';
import { phase, ranked } from '../../core/derived.js';
import { LANGUAGES, folderInWords, glossOf, language, number, plural, modelText, t, tell } from '../../core/i18n.js';
import { DEVICES } from '../../core/preference.js';
import { asSentence, duration, megabytes, standing, viewInWords } from '../../core/words.js';

const RESTED_MS = 900;
const NAMES = { en: 'English', ja: '日本語' };
const KINDS = { cpu: 'CPU', webgpu: 'WebGPU' };

const otherLanguage = () => LANGUAGES[(LANGUAGES.indexOf(language()) + 1) % LANGUAGES.length];
/** The weights could not be stored. @param {import('../../core/i18n.js').Message} weights */
const isNotKept = (weights) => typeof weights === 'object' && 'key' in weights && Boolean(weights.values?.trouble);

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
  const label = byId('device-label', HTMLButtonElement);
  const loading = byId('loading');
  const loadingTitle = byId('loading-title');
  const loadingText = byId('loading-text');
  const download = byId('download', HTMLProgressElement);
  const work = byId('work');
  const workText = byId('work-text');
  const workBar = byId('work-bar', HTMLProgressElement);
  const population = byId('population');
  const heads = byId('heads');
  const timing = byId('timing');
  const live = byId('live');
  const notice = byId('notice');
  const noticeTitle = byId('notice-title');
  const noticeText = byId('notice-text');
  const retry = byId('retry', HTMLButtonElement);
  const useOwn = byId('use-own', HTMLButtonElement);
  const useCpu = byId('use-cpu', HTMLButtonElement);
  const dismiss = byId('dismiss', HTMLButtonElement);
  const startAnew = byId('start-anew', HTMLButtonElement);
  const reportOpen = byId('report-open', HTMLButtonElement);
  const modelTitle = byId('model-title');
  const facts = byId('model-facts');
  const source = byId('model-source');
  const device = byId('device', HTMLFieldSetElement);
  const reason = byId('device-reason');
  const about = byId('about', HTMLDialogElement);
  const aboutModel = byId('about-model');
  const credits = byId('credits');

  const offline = byId('offline');
  const update = byId('update', HTMLButtonElement);

  const openers = ['tour-open', 'teach-toggle', 'tour-take'].map((id) => byId(id, HTMLButtonElement));
  const languageButton = byId('language', HTMLButtonElement);

  const menu = byId('menu');
  menu.addEventListener(
    'click',
    (event) => {
      if (closest(event, 'button') && menu.matches(':popover-open')) menu.hidePopover();
    },
    { capture: true },
  ); // on a phone, before what was asked for opens
  languageButton.addEventListener('click', () => session.language.choose(otherLanguage()));
  update.addEventListener('click', () => location.reload());
  retry.addEventListener('click', () => session.model.start());
  useOwn.addEventListener('click', () => session.model.useOwn());
  startAnew.addEventListener('click', () => location.reload());
  useCpu.addEventListener('click', () => session.model.setPreference('cpu'));
  dismiss.addEventListener('click', () => session.notices.dismiss());
  device.addEventListener('change', ({ target }) => {
    const wanted = DEVICES.find((name) => target instanceof HTMLInputElement && name === target.value);
    if (wanted) session.model.setPreference(wanted);
  });
  byId('about-open', HTMLButtonElement).addEventListener('click', () => about.showModal());
  about.addEventListener('click', ({ target }) => {
    if (target === about) about.close();
  });

  const drawInfo = onChange((/** @type {import('../../worker/jobs.js').ModelInfo | null} */ info) => {
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
      ...info.credits.map(({ what, who, license }) =>
        create('li', t('about.credit', { what: modelText(what), who, license: modelText(license) })),
      ),
    );
  });

  const announce = onChange(
    (
      /** @type {import('../../core/state.js').Phase} */ now,
      /** @type {import('../../core/state.js').State} */ state,
    ) => {
      const top = ranked(state)[0];
      const percentile = state.scores.get(top)?.percentile;
      const highest =
        percentile === undefined
          ? ''
          : t('live.highest', {
              finding: glossOf(top) || top,
              standing: t('percentile', { standing: standing(percentile) }),
            });
      const words = {
        loading: t('live.loading'),
        ready: t('live.ready'),
        working: t('work.encoding'),
        done: state.findings.length
          ? [plural('live.scored', state.findings.length), highest].filter(Boolean).join(' ')
          : t('live.none'),
        error: '', // the notice speaks
        empty: t('forget.nothing'),
      };
      live.textContent = words[now];
    },
  );

  const drawNotice = onChange(
    (
      /** @type {import('../../core/state.js').Notice | null} */ refusal,
      /** @type {import('../../core/state.js').Failure | null} */ failure,
    ) => {
      const now = refusal ?? failure;
      notice.hidden = !now;
      if (!now) return;
      noticeTitle.textContent = tell(now.title);
      noticeText.textContent = asSentence(now.text);
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
    for (const opener of openers) opener.disabled = model === 'empty'; // nothing is there to show
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
            ? t('population.among', { population: modelText(info.population) })
            : t('population.none');
    if (!doing || !quiet)
      timing.textContent =
        times && !doing
          ? plural('timing', times.scored, { encode: duration(times.encode), score: duration(times.score) })
          : '';

    const other = otherLanguage();
    Object.assign(languageButton, { value: other, lang: other, textContent: NAMES[other] });
    drawInfo(info);
    drawNotice(state.notice, state.failure);
    source.textContent = tell(state.weights) || t('weights.none');
    reason.textContent = tell(state.device?.reason ?? '');
    offline.textContent =
      state.offline.kept && state.folder.kind === 'site' && state.model === 'ready' && !isNotKept(state.weights)
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
    const told = now === 'done' && !findings.length ? 'none' : now;
    if (told !== announced && !(quiet && ['working', 'done'].includes(now))) announce(now, state);
    announced = told;
  };
}
