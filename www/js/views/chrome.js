/** Everything around the work: progress, device and model facts, errors, announcements, the About dialog. */
import { byId, create, onChange } from '../dom.js';
import { phase, ranked } from '../state.js';
import { counted, duration, megabytes, standing } from '../words.js';

const RESTED_MS = 900;
const KINDS = { cpu: 'CPU', webgpu: 'WebGPU' };

/** @param {[string, string][]} facts */
const definitions = (facts) => facts.flatMap(([term, text]) => [create('dt', term), create('dd', text)]);

/** @param {import('../state.js').State} state @returns {[title: string, text: string]} */
function loadingWords({ device, download, weights }) {
  if (!device) return ['Starting', 'Loading the program.'];
  if (download) return ['Downloading the model', `${megabytes(download.received)} of ${megabytes(download.total)} MB. You can choose an image meanwhile.`];
  return ['Preparing the model', `${weights ? '' : 'Reading the weights, and '}checking that the numbers are right on ${KINDS[device.kind]}.`];
}

/** @param {import('../session.js').Session} session */
export function bindChrome(session) {
  const [label, loading, loadingTitle, loadingText, download, work, workText, workBar, population, heads, timing, live] = [
    'device-label', 'loading', 'loading-title', 'loading-text', 'download', 'work', 'work-text', 'work-bar', 'population', 'heads', 'timing', 'live',
  ].map(byId);
  const [notice, noticeTitle, noticeText, retry, useCpu, dismiss] = ['notice', 'notice-title', 'notice-text', 'retry', 'use-cpu', 'dismiss'].map(byId);
  const [modelTitle, facts, source, device, reason, about, aboutModel, credits] = [
    'model-title', 'model-facts', 'model-source', 'device', 'device-reason', 'about', 'about-model', 'credits',
  ].map(byId);

  const [offline, update] = ['offline', 'update'].map(byId);

  update.addEventListener('click', () => location.reload());
  retry.addEventListener('click', () => session.start());
  useCpu.addEventListener('click', () => session.setPreference('cpu'));
  dismiss.addEventListener('click', () => session.dismiss());
  device.addEventListener('change', ({ target }) => session.setPreference(target.value));
  byId('about-open').addEventListener('click', () => about.showModal());
  about.addEventListener('click', ({ target }) => { if (target === about) about.close(); });

  const drawInfo = onChange((/** @type {any} */ info) => {
    if (!info) return;
    modelTitle.textContent = info.title;
    facts.replaceChildren(...definitions([
      ['Version', info.version],
      ['Size', `${(info.parameters / 1e6).toFixed(1)} M parameters, ${info.precision}`],
      ['License', info.license],
      ['Looks at', info.viewNote],
      ['Runs on', `${KINDS[info.device.kind]}, ${info.device.name}`],
    ]));
    aboutModel.textContent = `Loaded here: ${info.title} (${info.version}, ${info.license}). ${info.viewNote}`;
    credits.replaceChildren(...info.credits.map(({ what, who, license }) => create('li', `${what}: ${who} (${license})`)));
  });

  const announce = onChange((/** @type {string} */ now, /** @type {import('../state.js').State} */ state) => {
    const top = ranked(state)[0];
    const percentile = state.scores.get(top)?.percentile;
    const highest = percentile === undefined ? '' : ` Highest standing: ${top}, ${standing(percentile)} percentile.`;
    live.textContent = {
      loading: 'Loading the model',
      ready: 'Ready. Choose an image.',
      working: 'Reading the image',
      done: `${counted(state.findings.length, 'finding')} scored.${highest}`,
      error: '', // the notice speaks
    }[now];
  });

  const drawNotice = onChange((/** @type {import('../state.js').Notice | null} */ refusal, /** @type {import('../state.js').Failure | null} */ failure) => {
    const now = refusal ?? failure;
    notice.hidden = !now;
    if (!now) return;
    noticeTitle.textContent = now.title;
    noticeText.textContent = now.text;
    retry.hidden = Boolean(refusal);
    retry.textContent = failure?.crash ? 'Restart' : 'Retry';
    useCpu.hidden = Boolean(refusal) || !failure?.offerCpu;
    dismiss.hidden = !refusal;
  });

  /** A bar without a total is indeterminate. @param {HTMLProgressElement} bar @param {number} value @param {number} total */
  function setBar(bar, value, total) {
    if (total) Object.assign(bar, { max: total, value });
    else bar.removeAttribute('value');
  }

  /** In the lab the chosen finding is told, once the drawing has rested. */
  const announceDrawing = onChange((/** @type {import('../state.js').Picture | null} */ picture, /** @type {string} */ now, /** @type {string} */ text) => {
    clearTimeout(resting);
    if (picture?.redrawn && now === 'done') resting = setTimeout(() => { live.textContent = text; }, RESTED_MS);
  });

  let resting = 0;
  let announced = '';
  return (/** @type {import('../state.js').State} */ state) => {
    const { model, info, scores, findings, work: doing, timing: times, download: bytes } = state;
    const now = phase(state);
    label.textContent = state.device ? KINDS[state.device.kind] : model === 'failed' ? 'Stopped' : 'Starting';
    label.title = state.device?.reason ?? '';
    label.dataset.kind = state.device?.kind ?? '';

    loading.hidden = model === 'ready';
    const [title, text] = model === 'failed' ? ['The model is not loaded', ''] : loadingWords(state);
    loadingTitle.textContent = title;
    loadingText.textContent = text;
    download.hidden = model === 'failed';
    setBar(download, bytes?.received ?? 0, bytes?.total ?? 0);

    const scored = findings.filter((finding) => scores.has(finding)).length;
    const quiet = Boolean(state.redraw || state.picture?.redrawn); // the lab: nothing may jump
    work.hidden = !doing || quiet;
    workText.textContent = doing === 'encoding' ? 'Reading the image' : `Scoring findings, ${scored} of ${findings.length}`;
    setBar(workBar, scored, doing === 'scoring' ? findings.length : 0);
    heads.hidden = !ranked(state).some((finding) => scores.get(finding)?.percentile !== undefined);
    population.hidden = model !== 'ready' || (Boolean(doing) && !quiet);
    population.textContent = !info ? ''
      : !findings.length ? 'The list is empty. Add a finding, or choose a set.'
        : !state.picture ? 'Scores appear here once an image is open.'
          : info.population ? `Standing among: ${info.population}` : 'This model ships no reference, so findings cannot be ranked.';
    if (!doing || !quiet) timing.textContent = times && !doing ? `image ${duration(times.encode)}, ${counted(times.scored, 'finding')} ${duration(times.score)}` : '';

    drawInfo(info);
    drawNotice(state.notice, state.failure);
    source.textContent = state.weights || 'Not loaded yet';
    reason.textContent = state.device?.reason ?? '';
    offline.textContent = state.offline.kept && state.model === 'ready' && !state.weights.includes('not kept')
      ? 'Ready: this page also works without a connection' : 'Not kept for use without a connection';
    update.hidden = !state.offline.update;
    for (const radio of device.querySelectorAll('input')) radio.checked = radio.value === state.preference;
    const percentile = scores.get(state.selected)?.percentile;
    announceDrawing(state.picture, now, percentile === undefined ? '' : `${state.selected}, ${standing(percentile)} percentile.`);
    if (now !== announced && !(quiet && ['working', 'done'].includes(now))) announce(now, state);
    announced = now;
  };
}
