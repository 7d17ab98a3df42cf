/**
 * The plain objects that cross the boundary between the module that measures scores and the page; src/web/evaluation/tests.rs
 * holds them and the module's objects together. What is not there is `undefined`.
 */

/** What the module throws. Its message is English and for a person; a page tells its own by code and values. */
export interface EvaluateError extends Error {
  /** Stable. */
  code: EvaluateErrorCode;
  values: Record<string, string | Reason>;
}

/** Why something cannot be measured. */
export type Reason =
  | { code: 'no-table' }
  | { code: 'boxes-alone'; file: string }
  | { code: 'one-of-two'; file: string; collection: string; other: string }
  | { code: 'no-labels'; file: string; columns: string }
  | { code: 'nothing-known'; findings: string }
  | { code: 'no-positive'; findings: string }
  | { code: 'no-negative'; findings: string }
  | { code: 'one-class'; findings: string }
  | { code: 'nothing-shared'; scores: string; scored: string; labels: string; labelled: string }
  | { code: 'others-unnamed'; file: string; columns: string }
  | { code: 'others-unknown'; file: string }
  | { code: 'negated-unnamed'; file: string; columns: string }
  | { code: 'no-map-boxed'; maps: string; boxes: string }
  | { code: 'several-tables'; count: number }
  | { code: 'no-patients'; column: string }
  | { code: 'two-thresholds'; finding: string }
  | { code: 'not-shared'; finding: string; has: string }
  | { code: 'no-column-value'; choice: string }
  | { code: 'no-rows-with'; file: string; column: string; value: string; has: string }
  | { code: 'one-sided'; choosing: number; evaluating: number }
  | { code: 'unlike-tables' };

export type EvaluateErrorCode =
  | 'no-table'
  | 'empty-table'
  | 'no-column'
  | 'bad-cell'
  | 'two-rows'
  | 'repeated-key'
  | 'two-columns'
  | 'no-key'
  | 'several-keys'
  | 'nothing-joined'
  | 'no-findings'
  | 'bad-option'
  | 'bad-json'
  | 'no-write';

/** A person's corrections; what is left out is guessed. */
export interface Corrections {
  /** Which of the tables has the labels. */
  table?: number;
  /** The column that names the image. */
  key?: string;
  /** The column that names the patient; '' where there is none. */
  patient?: string;
}

/** How labels are written: a column for each finding, or as a public dataset has them. */
export type Form = 'wide' | 'nih14' | 'chexpert' | 'padchest' | 'openi' | 'mimic-cxr';

/** What tables say of images. */
export interface Understood {
  /** Which of the tables were read: one, or the two of Open-I or MIMIC-CXR-JPG. */
  tables: number[];
  form: Form;
  /** Columns that can be chosen as the key or the patient. */
  columns: string[];
  key: string;
  patient?: string;
  /** Different patients among the images that have labels. */
  patients?: number;
  /** Images that have labels. */
  images: number;
  /** Images without a row. */
  imagesWithout: string[];
  /** How many rows have no image. */
  rowsWithout: number;
  /** Rows that repeat another one with all its labels, which are taken once. */
  doubled: number;
  findings: FindingLabels[];
  /** Columns that hold no labels, and are of no other use. */
  notRead: NotRead[];
  /** Columns by which figures can be divided. */
  slices: Slice[];
  /** `split=val` and the like: rows on which thresholds can be chosen. */
  splits: string[];
  /** Which of the tables has boxes of these images. */
  boxes?: number;
  boxed: Boxed[];
  /** Findings that are boxed, and have no labels. */
  boxedOnly: string[];
}

/** A column that holds no labels. */
export interface NotRead {
  column: string;
  /** The first value that is no label, where there is any. */
  value?: string;
}

/** A column by which figures can be divided. */
export interface Slice {
  column: string;
  by: 'view' | 'sex' | 'age';
}

/** An image with boxes. */
export interface Boxed {
  image: string;
  /** Which of the findings are boxed, by their columns in the labels. */
  findings: string[];
}

/** A finding as the table has it. */
export interface FindingLabels {
  /** Its column. */
  name: string;
  /** Numbers of images. */
  positives: number;
  negatives: number;
  unknown: number;
}

/** What is to be measured. */
export interface Settings {
  tables: number[];
  key: string;
  patient?: string;
  /** Rows for choosing thresholds, as `split=val`; undefined: they are chosen on the very images that are evaluated. */
  chooseOn?: string;
  /** Columns of the labels, or else of the predictions. */
  slices: string[];
  /** Which of the tables has boxes, to compare maps with. */
  boxes?: number;
  /** Of the bootstrap: the same seed gives the same intervals. */
  seed: number;
  /** Of the bootstrap; 0 for no intervals. */
  resamples: number;
}

/** A value on all images, and the 95 % interval that resampling them gives. */
export interface Estimate {
  value: number;
  interval?: [number, number];
}

/** All results, as `carzero evaluate` writes them. */
export interface Report {
  predictions: string;
  labels: string;
  /** Images that the metrics are computed on. */
  images: number;
  /** Images that only served to choose thresholds. */
  validation_images: number;
  /** What the bootstrap draws. */
  unit: 'patient' | 'row';
  units: number;
  resamples: number;
  seed: number;
  /** Means over groups of findings; the first is over all. */
  macros: MacroReport[];
  findings: FindingReport[];
  top_k: TopKReport[];
  slices: SliceReport[];
  /** How many parts are not told of, as they are of fewer than five rows or beyond the eight largest of a column. */
  slices_left_out: number;
  /** Against other scores, the mean over findings first; empty without such. */
  comparison: ComparedReport[];
  /** The mean over findings first; empty without boxes and maps. */
  localisation: Localisation[];
  /** Findings without metrics. */
  left_out: LeftOut[];
  /** What a reader must know, in English. */
  notes: string[];
}

export interface MacroReport {
  group: string;
  findings: string[];
  auroc?: Estimate;
  average_precision?: Estimate;
  f1?: Estimate;
  mcc?: Estimate;
  sensitivity?: Estimate;
  specificity?: Estimate;
  negation_auroc?: Estimate;
}

export interface FindingReport {
  name: string;
  positives: number;
  negatives: number;
  /** Images without a label or without a score. */
  unknown: number;
  /** By number of positives. */
  frequency?: 'head' | 'medium' | 'tail';
  unseen: boolean;
  /** Present when the score is at least this. */
  threshold?: number;
  undecided?: [number, number];
  auroc?: Estimate;
  average_precision?: Estimate;
  f1?: Estimate;
  mcc?: Estimate;
  sensitivity?: Estimate;
  specificity?: Estimate;
  negation_auroc?: Estimate;
}

/** How often a positive finding is among an image's k highest. */
export interface TopKReport {
  k: number;
  images: number;
  accuracy?: Estimate;
  /** Of a random order. */
  chance?: number;
}

/** The images with one value of a column. */
export interface SliceReport {
  column: string;
  value: string;
  images: number;
  /** The mean over the findings that have an AUROC here. */
  auroc?: Estimate;
  findings: SliceFinding[];
}

export interface SliceFinding {
  name: string;
  positives: number;
  negatives: number;
  auroc?: Estimate;
}

/** How well the maps point at what is boxed. */
export interface Localisation {
  finding: string;
  /** Number of maps that have a box. */
  maps: number;
  /** How often the map's highest patch lies in a box. */
  pointing_game?: Estimate;
  /** The share of the map in the boxes. */
  box_energy?: Estimate;
  /** What both would be by chance: the share of the view that the boxes cover. */
  chance?: number;
}

/** Two scores of the same images, on those that have both. */
export interface ComparedReport {
  name: string;
  auroc?: number;
  /** Of the other scores. */
  against?: number;
  /** Of the AUROCs, the first less the other. */
  difference?: Estimate;
  /** By DeLong's test, two-sided; of findings only. */
  p?: number;
}

export interface LeftOut {
  finding: string;
  positives: number;
  negatives: number;
  /** In English. */
  reason: string;
}

/** What one threshold makes of the images. */
export interface Decision {
  threshold: number;
  counts: Confusion;
  sensitivity?: number;
  specificity?: number;
  f1: number;
  mcc: number;
  /** The images behind each count, the highest scores first. */
  images: Cells;
}

export interface Confusion {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
}

export interface Cells {
  tp: string[];
  fp: string[];
  fn: string[];
  tn: string[];
}

/** The curves of one finding. */
export interface Curves {
  /** False positive rate and true positive rate. */
  roc: [number, number][];
  /** Recall and precision. */
  precisionRecall: [number, number][];
  /** From the lowest scores on. */
  reliability: Bin[];
  /** Ascending, each once. */
  scores: number[];
}

/** Images of similar score. */
export interface Bin {
  /** Their mean score. */
  score: number;
  images: number;
  positives: number;
}

/** All results of a reader study. */
export interface StudyReport {
  cases: number;
  readers: number;
  /** Means over the findings first, then each finding. */
  parts: StudyPart[];
}

export interface StudyPart {
  /** Empty for the means. */
  finding: string;
  positives: number;
  negatives: number;
  measures: Measure[];
  /** Of a single reader and a finding: how decisions changed with the model, on cases with the finding and without it. */
  changed?: [Changed, Changed];
  /** Of several readers: whether AUROC differs. */
  mrmc?: Mrmc;
}

/** A figure as a mean over the readers, and the model's own. */
export interface Measure {
  name: MeasureName;
  without?: Estimate;
  with?: Estimate;
  /** With the model less without it. */
  difference?: Estimate;
  model?: Estimate;
}

export type MeasureName =
  | 'sensitivity'
  | 'specificity'
  | 'auroc'
  | 'afroc'
  | 'kappaModel'
  | 'kappaReaders'
  | 'misled'
  | 'helped'
  | 'seconds';

/** Decisions that differ between the conditions. */
export interface Changed {
  /** Right only with the model. */
  gained: number;
  /** Right only without it. */
  lost: number;
  /** The mid-p of McNemar's test. */
  p: number;
}

/** The analysis of variance by Obuchowski and Rockette, with Hillis' degrees of freedom. */
export interface Mrmc {
  difference: number;
  interval: [number, number];
  f: number;
  df: number;
  p: number;
}
