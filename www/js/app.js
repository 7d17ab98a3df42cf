/** Entry: one store, one session, one render. */
import { first } from './first.js';
import { isForgetting } from './forget.js';
import { Offline } from './offline.js';
import { showLanguage } from './i18n.js';
import { Session } from './session.js';
import { settingsFromFragment } from './share.js';
import { onChange } from './dom.js';
import { Store, phase } from './state.js';
import { veil } from './teaching.js';
import { bindChrome } from './views/chrome.js';
import { bindCompare } from './views/compare.js';
import { bindContours } from './views/contours.js';
import { bindDetail } from './views/detail.js';
import { bindEntry } from './views/entry.js';
import { bindExport } from './views/export.js';
import { bindFacts } from './views/facts.js';
import { bindFindings } from './views/findings.js';
import { bindForget, showForgotten } from './views/forget.js';
import { bindLab } from './views/lab.js';
import { bindLengths } from './views/lengths.js';
import { bindModels } from './views/models.js';
import { bindPrint } from './views/print.js';
import { bindReport } from './views/report.js';
import { bindRewrite } from './views/rewrite.js';
import { bindSeries } from './views/series.js';
import { bindSources } from './views/sources.js';
import { bindStage } from './views/stage.js';
import { bindTeaching } from './views/teaching.js';
import { bindTools } from './views/tools.js';
import { bindTour } from './views/tour.js';
import { bindViewer } from './views/viewer.js';
import { bindWhy } from './views/why.js';

showLanguage();
const store = new Store(render);
const session = new Session(store);
const offline = new Offline(session);
const views = [
  bindSources,
  bindFacts,
  bindSeries,
  bindStage,
  bindViewer,
  bindLengths,
  bindTools,
  bindLab,
  bindEntry,
  bindRewrite,
  bindFindings,
  bindContours,
  bindDetail,
  bindWhy,
  bindCompare,
  bindExport,
  bindModels,
  bindTeaching,
  bindPrint,
  bindReport,
  bindForget,
  bindChrome,
  bindTour,
].map((bind) => bind(session));

const keepOffline = onChange(
  (/** @type {import('./state.js').State['model']} */ model, /** @type {'cpu' | 'webgpu' | undefined} */ kind) => {
    if (model === 'ready') offline.keep(kind);
  },
);

/** @param {import('./state.js').State} state */
function render(state) {
  document.documentElement.dataset.state = phase(state);
  const shown = veil(state);
  for (const draw of views) draw(shown);
  session.settle();
  keepOffline(state.model, state.device?.kind);
}

async function start() {
  const restore = () => session.restore(settingsFromFragment(location.hash));
  restore();
  addEventListener('hashchange', restore);
  const begun = await first;
  if (begun) session.start(begun);
}

document.documentElement.dataset.started = ''; // for guard.js
if (isForgetting()) showForgotten(session);
else start();
