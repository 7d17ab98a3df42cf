/**
 * The plain objects that cross the boundary between the module that writes results for other programs and the page;
 * src/web/results/tests.rs holds them and the module's objects together. What is not there is `undefined`.
 */

/** The scores of one image, with what has to be said of them. */
export interface Results {
  model: ResultModel;
  /** Whom percentiles are among, where there are reference images. */
  population?: string;
  warnings: Caution[];
  scores: ResultScore[];
  /** Where the files shall refer to the image. */
  source?: SourceUids;
}

export interface ResultModel {
  title: string;
  version: string;
  /** Of its files. */
  sha256: string;
}

/** What speaks against scoring an image: of its file, of its looks, or of how it came about. */
export type Caution =
  | { code: 'modality'; modality: string }
  | { code: 'body-part'; part: string }
  | { code: 'lateral' }
  | { code: 'oblique' }
  | { code: 'frames'; count: number }
  | { code: 'not-square' }
  | { code: 'coloured' }
  | { code: 'damaged'; share: number }
  | { code: 'unusual' }
  | { code: 'unfamiliar' }
  | { code: 'inverted' }
  | { code: 'drawing' }
  | { code: 'negative' };

export interface ResultScore {
  sentence: string;
  logit: number;
  percentile?: number;
  wording?: ResultWording;
}

export type ResultWording =
  | { standing: 'learnt'; finding: string }
  | { standing: 'related'; finding: string }
  | { standing: 'unknown' };

/** The identifiers of a DICOM image: its kind, itself, its study and its series. */
export interface SourceUids {
  class: string;
  instance: string;
  study: string;
  series: string;
}

/** A map over its image. */
export interface ResultMap {
  /** "attention", "similarity" or "cosine". */
  kind: string;
  /** The square that the model saw, in pixels of the image. */
  view: ResultView;
  /** The name of its colours. */
  palette: string;
  spacing?: ResultSpacing;
}

export interface ResultView {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Of rows and columns, in mm. */
export interface ResultSpacing {
  rows: number;
  columns: number;
  /** Measured at the detector, where things are larger than in the patient. */
  atDetector: boolean;
}
