/** Entry: one store, one session, one render. */
import { first } from './boot/first.js';
import { isForgetting } from './core/stores.js';
import { keepOffline } from './boot/offline.js';
import { showLanguage } from './core/i18n.js';
import { Session } from './session.js';
import { settingsFromFragment } from './core/share.js';
import { onChange } from './core/dom.js';
import { phase } from './core/derived.js';
import { Store } from './core/state.js';
import { veil } from './core/veil.js';
import { bindAnnounce } from './features/chrome/announce.js';
import { bindMenu } from './features/chrome/menu.js';
import { bindNotice } from './features/chrome/notice.js';
import { bindProgress } from './features/chrome/progress.js';
import { bindCard } from './features/models/card.js';
import { bindConversion } from './features/models/convert.js';
import { bindCompare } from './features/compare/view.js';
import { bindContours } from './features/contours/view.js';
import { bindDetail } from './features/detail/view.js';
import { bindEntry } from './features/findings/entry.js';
import { bindEvaluation } from './features/evaluate/view.js';
import { bindExperiments } from './features/experiments/view.js';
import { bindExport } from './features/export/view.js';
import { bindFacts } from './features/sources/facts.js';
import { bindFindings } from './features/findings/view.js';
import { bindForget, showForgotten } from './features/forget/view.js';
import { bindLab } from './features/lab/view.js';
import { bindLengths } from './features/viewer/lengths.js';
import { bindRemote } from './features/models/fetch.js';
import { bindKept } from './features/models/kept.js';
import { bindModels } from './features/models/view.js';
import { bindPopulation } from './features/population/view.js';
import { bindPrint } from './features/export/print.js';
import { bindReport } from './features/report/view.js';
import { bindRewrite } from './features/rewrite/view.js';
import { bindSeries } from './features/series/view.js';
import { bindSources } from './features/sources/view.js';
import { bindStage } from './features/map/view.js';
import { bindStudy } from './features/study/view.js';
import { bindTeaching } from './features/teaching/view.js';
import { bindTools } from './features/viewer/tools.js';
import { bindTour } from './features/tour/view.js';
import { bindViewer } from './features/viewer/view.js';
import { bindWhy } from './features/why/view.js';

showLanguage();
const store = new Store(render);
const session = new Session(store);
const views = [
  bindSources,
  bindFacts,
  bindSeries,
  bindEvaluation,
  bindPopulation,
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
  bindExperiments,
  bindCompare,
  bindExport,
  bindModels,
  bindConversion,
  bindRemote,
  bindKept,
  bindTeaching,
  bindStudy,
  bindPrint,
  bindReport,
  bindForget,
  bindProgress,
  bindMenu,
  bindCard,
  bindNotice,
  bindAnnounce,
  bindTour,
].map((bind) => bind(session));

const keep = onChange(
  (
    /** @type {import('./core/state.js').State['model']} */ model,
    /** @type {import('./core/state.js').DeviceKind | undefined} */ kind,
  ) => {
    if (model === 'ready' && kind)
      keepOffline(kind, (found) => session.update({ offline: { ...session.state.offline, ...found } }));
  },
);

/** @param {import('./core/state.js').State} state */
function render(state) {
  document.documentElement.dataset.state = phase(state);
  const shown = veil(state);
  for (const draw of views) draw(shown);
  session.settle();
  keep(state.model, state.device?.kind);
}

async function start() {
  const restore = () => session.link.restore(settingsFromFragment(location.hash));
  restore();
  addEventListener('hashchange', restore);
  const begun = await first;
  if (begun) session.model.start(begun);
  session.study.resume();
}

document.documentElement.dataset.started = ''; // for guard.js
if (isForgetting()) showForgotten(session);
else start();
