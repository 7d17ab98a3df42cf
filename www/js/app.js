/** Entry: one store, one session, one render. */
import { Session } from './session.js';
import { settingsFromFragment } from './share.js';
import { Store, phase } from './state.js';
import { bindChrome } from './views/chrome.js';
import { bindCompare } from './views/compare.js';
import { bindContours } from './views/contours.js';
import { bindDetail } from './views/detail.js';
import { bindEntry } from './views/entry.js';
import { bindExport } from './views/export.js';
import { bindFacts } from './views/facts.js';
import { bindFindings } from './views/findings.js';
import { bindLab } from './views/lab.js';
import { bindLengths } from './views/lengths.js';
import { bindModels } from './views/models.js';
import { bindSeries } from './views/series.js';
import { bindSources } from './views/sources.js';
import { bindStage } from './views/stage.js';
import { bindTools } from './views/tools.js';
import { bindViewer } from './views/viewer.js';
import { bindWhy } from './views/why.js';

const store = new Store(render);
const session = new Session(store);
const views = [bindSources, bindFacts, bindSeries, bindStage, bindViewer, bindLengths, bindTools, bindLab, bindEntry, bindFindings, bindContours, bindDetail, bindWhy, bindCompare, bindExport, bindModels, bindChrome].map((bind) => bind(session));

/** @param {import('./state.js').State} state */
function render(state) {
  document.documentElement.dataset.state = phase(state);
  for (const draw of views) draw(state);
  session.settle();
}

const restore = () => session.restore(settingsFromFragment(location.hash));
restore();
addEventListener('hashchange', restore);
session.start();
