/** The actions of all features, on one state. Views call these only; actions of two features meet here. */
import { readKeys, readPreference } from './core/preference.js';
import { FindingActions } from './features/findings/actions.js';
import { ScoringActions } from './features/findings/scoring.js';
import { CompareActions } from './features/compare/actions.js';
import { ContourActions } from './features/contours/actions.js';
import { ConversionActions } from './features/models/conversion.js';
import { KeptActions } from './features/models/keeping.js';
import { RemoteActions } from './features/models/remote.js';
import { EvaluationActions } from './features/evaluate/actions.js';
import { ExperimentActions } from './features/experiments/actions.js';
import { LanguageActions } from './features/chrome/language.js';
import { LinkActions } from './features/export/link.js';
import { LabActions } from './features/lab/actions.js';
import { MapActions } from './features/map/actions.js';
import { ModelActions } from './features/models/actions.js';
import { NoticeActions } from './features/chrome/actions.js';
import { PictureActions } from './features/sources/actions.js';
import { PopulationActions } from './features/population/actions.js';
import { RewriteActions } from './features/rewrite/actions.js';
import { SeriesActions } from './features/series/actions.js';
import { StudyActions } from './features/study/actions.js';
import { TeachingActions } from './features/teaching/actions.js';
import { TourActions } from './features/tour/actions.js';
import { DisplayActions } from './features/viewer/actions.js';
import { WhyActions } from './features/why/actions.js';

export class Session {
  #store;

  /** @param {import('./core/state.js').Store} store */
  constructor(store) {
    this.#store = store;
    this.update({ preference: readPreference(), keys: readKeys() });
    this.model = new ModelActions(this);
    this.conversion = new ConversionActions(this);
    this.remote = new RemoteActions(this);
    this.kept = new KeptActions(this);
    this.link = new LinkActions(this);
    this.language = new LanguageActions(this);
    this.notices = new NoticeActions(this);
    this.picture = new PictureActions(this);
    this.display = new DisplayActions(this);
    this.findings = new FindingActions(this);
    this.scoring = new ScoringActions(this);
    this.map = new MapActions(this);
    this.contours = new ContourActions(this);
    this.why = new WhyActions(this);
    this.experiments = new ExperimentActions(this);
    this.lab = new LabActions(this);
    this.teaching = new TeachingActions(this);
    this.study = new StudyActions(this);
    this.tour = new TourActions(this);
    this.series = new SeriesActions(this);
    this.evaluation = new EvaluationActions(this);
    this.population = new PopulationActions(this);
    this.comparison = new CompareActions(this);
    this.rewriting = new RewriteActions(this);
  }

  get state() {
    return this.#store.state;
  }

  /** @param {Partial<import('./core/state.js').State>} patch */
  update(patch) {
    this.#store.update(patch);
  }

  /** A job of the worker. @type {import('./worker/jobs.js').Call} */
  call = async (type, payload) => this.model.client.call(type, payload);

  /** Starts the background work that the state asks for. Called after every change. */
  settle() {
    this.map.settle();
    this.series.settle();
    this.evaluation.settle();
    this.population.settle();
    this.comparison.settle();
    this.why.settle();
    this.experiments.settle();
    this.teaching.settle();
  }
}
