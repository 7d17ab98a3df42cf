/**
 * The plain objects that cross the boundary between the program and the page. wasm-bindgen puts them before the
 * functions and classes that it declares itself; src/web/tests.rs holds them and the program's objects together.
 *
 * Numbers that are measured in something say so. What the program does not know, or what is not there, is `undefined`.
 */

/** What the program throws. Its message is English and for a person; a page tells its own by code and values. */
export interface ProgramError extends Error {
  /** Stable. */
  code: ErrorCode;
  /** What is told beside the code, by name. The reason is English, or of a picture that cannot be read a code itself. */
  values: Record<string, string | Reason>;
}

export type ErrorCode =
  | 'bad-manifest'
  | 'bad-file'
  | 'bad-config'
  | 'bad-population'
  | 'other-model'
  | 'few-images'
  | 'bad-weights'
  | 'bad-tokenizer'
  | 'bad-image'
  | 'unsupported-image'
  | 'damaged'
  | 'bad-dicom'
  | 'no-picture'
  | 'unsupported-dicom'
  | 'empty-file'
  | 'heic'
  | 'pdf'
  | 'archive'
  | 'dicomdir'
  | 'image-too-large'
  | 'bad-prompt'
  | 'device'
  | 'self-test'
  | 'bad-answer';

/** Why a picture cannot be read. */
export type Reason =
  | { code: 'no-transfer-syntax' }
  | { code: 'not-deflated' }
  | { code: 'cut-off' }
  | { code: 'no-pixels' }
  | { code: 'pixels-cut-off' }
  | { code: 'not-compressed' }
  | { code: 'other-size' }
  | { code: 'no-palette' }
  | { code: 'no-area'; rows: number; columns: number }
  | { code: 'bits-stored'; stored: number; allocated: number }
  | { code: 'broken'; codec: string; what: string }
  | { code: 'floating-point' }
  | { code: 'one-bit' }
  | { code: 'bits'; allocated: number }
  | { code: 'colours'; colours: string; samples: number }
  | { code: 'segmented-palette' }
  | { code: 'colour-jpeg-ls' }
  | { code: 'deep-progressive' }
  | { code: 'high-throughput' }
  | { code: 'stored'; format: string; uid: string }
  | { code: 'video'; uid: string }
  | { code: 'retired-jpeg'; uid: string }
  | { code: 'unknown-syntax'; uid: string }
  | { code: 'size'; width: number; height: number }
  | { code: 'endless-deflate' }
  | { code: 'memory'; what: string };

/** A file of a model's folder. */
export interface FileEntry {
  /** Its name. */
  path: string;
  /** Its size. */
  bytes: number;
  /** SHA-256 in lower-case hexadecimal. */
  sha256: string;
}

/** All that a page shows about a model. */
export interface ModelInfo {
  /** Short identifier, such as `default`. */
  name: string;
  /** Name for people. */
  title: string;
  /** Of the weights. */
  version: string;
  /** Of its manifest, in lower-case hexadecimal. */
  sha256: string;
  /** Of the weights (SPDX). */
  license: string;
  /** Number of weights. */
  parameters: number;
  /** Size of all files. */
  bytes: number;
  /** How weights are stored: in 32 or 16 bits of floating point, or in 8 bits. */
  precision: 'f32' | 'f16' | 'q8';
  /** What it runs on. */
  device: DeviceInfo;
  /** Which images a score is ranked among, in words to show. */
  population?: string;
  /** How many they are, where they are a person's own and not the model's. */
  ownImages?: number;
  /** Which images scores were measured on, in words to show. */
  validation?: string;
  /** Lists of findings to offer. */
  presets: Preset[];
  /** Whose work it rests on. */
  credits: Credit[];
  /** Maps have `mapSide * mapSide` patches. */
  mapSide: number;
  /** How a picture becomes a square. */
  resize: Resize;
  /** What the model leaves out on each side of that square, as a part of its side. */
  margin: number;
  /** Whether cosines are of a trained CLIP-style head; else they are of global features before the fusion. */
  cosineHead: boolean;
}

export interface DeviceInfo {
  kind: 'cpu' | 'webgpu';
  /** Of the graphics adapter, or of the instructions. */
  name: string;
}

/** A named list of findings. */
export interface Preset {
  id: string;
  /** Name for people. */
  title: string;
  findings: string[];
}

/** Somebody's work that a model contains. */
export interface Credit {
  what: string;
  who: string;
  license: string;
}

/** What a picture looks like to a model, by the images that it knows. */
export type Verdict = 'familiar' | 'unusual' | 'unfamiliar' | 'inverted';

/** How one finding scores on one picture. */
export interface Score {
  /** As asked for. */
  finding: string;
  /** As sent to the model. */
  sentence: string;
  /** The mean of `i2t` and `t2i`: a raw logit, neither a probability nor comparable between findings. */
  logit: number;
  /** The text's query over the image's tokens. */
  i2t: number;
  /** The image's query over the text's tokens. */
  t2i: number;
  /** Share of the reference images with a lower logit for this sentence, in percent; of known wordings only. */
  percentile?: number;
  /** By the CLIP-style head, or where the model has none, of its global features before the fusion: -1 to 1. */
  cosine?: number;
  /** What the model knows of the words; undefined where it does not say what it learnt. */
  wording?: Wording;
  /** How well the sentence was told apart on labelled images. */
  measured?: Measured;
  /** Attention of the sentence over the patches, row by row: `mapSide * mapSide` weights. */
  attention: Float32Array;
  /** The same before the softmax. */
  similarity: Float32Array;
  /** 0th to 100th percentile of the logit among the reference images, ascending; where there is a `percentile`. */
  reference?: Float32Array;
}

/** What the text encoder makes of a sentence. */
export interface EncodedText {
  /** As sent to the model. */
  sentence: string;
  /** The sentence as the model reads it, `[CLS]` first and `[SEP]` last. */
  words: string[];
  /** Its global features, `[dim]`. */
  global: Float32Array;
  /** Each word, `[words, dim]`, row by row. */
  tokens: Float32Array;
}

/** Where logits of one finding stand; `percentiles` in their order, where a score would have one. */
export interface Ranked {
  percentiles?: Float32Array;
  measured?: Measured;
}

/** A finding on labelled images, as an evaluation reports it. */
export interface Labelled {
  finding: string;
  /** Images with the finding. */
  positives: number;
  /** Images without it. */
  negatives: number;
  /** Area under the ROC curve. */
  auroc: number;
  /** Its 95 % interval. */
  interval?: [number, number];
  /** Logits: nine in ten images with the finding have at least the first, nine in ten without it at most the second. */
  undecided?: [number, number];
}

/** What a model knows of the words of a sentence. `cosine`: how near they are to the nearest that it learnt, -1 to 1. */
export type Wording =
  | { standing: 'learnt'; finding: string }
  | { standing: 'related'; finding: string; nearest: string; cosine?: number }
  | { standing: 'unknown'; cosine: number };

/** One finding on labelled images. */
export interface Measured {
  /** Images with the finding. */
  positives: number;
  /** Images without it. */
  negatives: number;
  /** Area under the ROC curve. */
  auroc: number;
  /** Its 95 % interval. */
  interval?: [number, number];
  /** Logits: nine in ten images with the finding have at least the first, nine in ten without it at most the second. */
  undecided?: [number, number];
  /** `undecided` as percentiles of the reference images. */
  standings?: [number, number];
}

/** A word piece: its letters, after `##` where it goes on with a word, and the word that it belongs to, from 0. */
export interface Piece {
  text: string;
  word: number;
}

/** By what figures of many pictures can be divided, as far as a DICOM file tells it. */
export interface Groups {
  view?: 'PA' | 'AP' | 'lateral' | 'oblique';
  sex?: 'F' | 'M' | 'O';
  /** In years. */
  age?: '0–17' | '18–39' | '40–64' | '65+';
}

/** How a picture and a sentence come to their score: all numbers on the way. */
export interface Explanation {
  /** The sentence as the model reads it, `[CLS]` first and `[SEP]` last. */
  words: string[];
  /** What the words are read in. */
  pieces: Piece[];
  /** Layers of the fusion. */
  layers: number;
  /** Heads of each layer. */
  heads: number;
  /** Each word as the fusion takes it, `[words, dim]`. */
  wordVectors: Float32Array;
  /** The sentence as a whole, `[dim]`: the query over the picture. */
  textVector: Float32Array;
  /** The picture as a whole, `[dim]`: the query over the words. */
  imageVector: Float32Array;
  /** Weights of the sentence over the patches, `[layers, heads, patches]`; the rest to 1 went to the picture as a whole. */
  patches: Float32Array;
  /** Weights of the picture over the words, `[layers, heads, words]`; what is missing to 1 went to the text as a whole and to empty rows. */
  attendedWords: Float32Array;
  /** Weights of the picture over the text as a whole, `[layers, heads]`. */
  attendedText: Float32Array;
  /** Where each word would look if it were the query alone, `[words, patches]`. The score does not use it. */
  wordPatches: Float32Array;
  /** The two queries once they have attended, `[2, dim]`: the sentence's, then the picture's. */
  fused: Float32Array;
  /** What the projector's hidden layers make of the two, each `[2, width]`. */
  hidden: Float32Array[];
  /** The score of the first, as in a `Score`. */
  i2t: number;
  /** The score of the second. */
  t2i: number;
  /** The mean of both. */
  logit: number;
}

/** A part of the fusion; layers and heads are counted from 0. */
export type Part =
  | { code: 'whole' }
  | { code: 'global' }
  | { code: 'local' }
  | { code: 'image-to-text' }
  | { code: 'text-to-image' }
  | { code: 'without-layer'; layer: number }
  | { code: 'without-head'; layer: number; head: number };

/** A score by a part of the fusion: global tokens alone, patches and words alone, one direction, a layer or head off. */
export interface Ablated {
  part: Part;
  /** Raw logit. */
  logit: number;
  /** Share of the reference images that the same part scores lower, in percent. */
  percentile?: number;
}

/** A logit, and its share of reference images with a lower one, in percent. */
export interface Standing {
  logit: number;
  percentile?: number;
}

/** A finding's standing by cross-attention, and by the cosine, -1 to 1; see `ModelInfo.cosineHead`. */
export interface BothHeads {
  crossAttention: Standing;
  cosine: Standing;
}

/** A wording of a finding, and where it stands among the reference images. */
export interface Reworded {
  /** What it changes: the sentence, the name, a letter; what it says of certainty, side or absence; or anything. */
  change: 'template' | 'name' | 'misspelling' | 'uncertainty' | 'side' | 'negation' | 'own';
  text: string;
  /** As it is; undefined where nothing in it can be read. */
  before?: Standing;
  /** The prompt that it is aligned to; undefined where alignment does not understand it. */
  prompt?: string;
  /** As that prompt, or else as it is. */
  after?: Standing;
}

/** How much a finding's score depends on the wording. */
export interface Sensitivity {
  wordings: Reworded[];
  /** Of those that change the sentence, the name or a letter; undefined without reference images. */
  spread?: WordingSpread;
}

/** How far apart wordings of the same meaning stand: standard deviations of their percentiles. */
export interface WordingSpread {
  /** How many wordings. */
  wordings: number;
  before: number;
  after: number;
  /** The share of the variance that alignment takes away, at most 1; undefined where there is none. */
  explained?: number;
}

/** Whether a score rests on what a map shows. */
export interface AuditReport {
  /** With what places were covered. */
  cover: 'mean' | 'blur' | 'mirror';
  /** The map's strongest patches, row by row from 0, the strongest first. */
  region: number[];
  /** The picture as it is. */
  whole: Standing;
  /** With the region covered. */
  covered: Standing;
  /** With as many patches covered elsewhere in the lungs. */
  controls: Standing[];
  /** With all but the region covered. */
  kept: Standing;
  /** With all patches in other places. */
  shuffled: Standing;
  /** How many controls take away as much as the region. */
  asMuch: number;
  /** More than every control takes away; more than half of them do; or not. */
  conclusion: 'explains' | 'partly' | 'no-reason';
  /** What the picture looks like to the model with the region covered. */
  looks?: Verdict;
}

/** How a score falls while a map's strongest patches are covered, and rises while they are uncovered on a blurred picture. */
export interface CurvesReport {
  /** From the picture as it is to one that is covered, in equal steps. */
  deletion: Standing[];
  /** From a blurred picture to it as it is, in as many steps. */
  insertion: Standing[];
  /** The mean height of the deletion's logits: the area over the share of patches, by the trapezoidal rule. */
  deletionArea: number;
  /** The same of the insertion. */
  insertionArea: number;
}

/** A prompt on a picture and on its mirror image. */
export interface Mirrored {
  /** Which of the patient's sides it names. */
  side: 'neither' | 'left' | 'right';
  /** As sent. */
  prompt: string;
  asIs: Standing;
  mirrored: Standing;
}

/** What is seen of a finding; nothing where no list has it. */
export interface Observed {
  /** Each by itself; their `finding` is empty. */
  observations: Score[];
  /** Those with a percentile put together; undefined for fewer than two, or without reference images. */
  combined?: Combined;
}

/** Several observations put together. */
export interface Combined {
  /** How many. */
  observations: number;
  /** The mean of their percentiles. */
  mean: number;
  /** Share of the reference images with a lower mean, in percent. */
  percentile: number;
}

/** What a viewer shows. */
export interface Shown {
  /** `width * height` of them, row by row, low ones dark; 16 bits where a grey DICOM file has them. */
  values: Uint8Array | Uint16Array | Int16Array;
  /** To open with, in values; undefined for all of 8 bits. */
  window?: LinearWindow;
  /** mm from row to row and from column to column. */
  spacing?: [number, number];
}

/** A linear window (DICOM PS3.3 section C.11.2.1.2.1). */
export interface LinearWindow {
  center: number;
  width: number;
}

/** A colour map. */
export interface Palette {
  /** Identifier. */
  name: string;
  /** 256 RGBA colours from the lowest value of a map to its highest; low ones are transparent. */
  ramp: Uint8ClampedArray;
}

/** A rectangle in pixels of the picture; it may reach outside. */
export interface View {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How a picture becomes a square: padded with black, or its central square. */
export type Resize = 'longest_side_pad' | 'centre_square';

/** How pictures become what the encoder sees. */
export interface ImageConfig {
  resize: Resize;
  /** Side of the resized square, and of its central crop, in pixels. */
  size: number;
  crop: number;
  /** Of grey values from 0 to 1. */
  mean: number;
  std: number;
}

/** What the encoder sees of a picture. */
export interface Seen {
  /** `crop * crop` grey values, row by row. */
  grey: Uint8Array;
  view: View;
}

/** A small picture of a picture. */
export interface Thumbnail {
  /** `width * height` grey values, row by row. */
  grey: Uint8ClampedArray;
  width: number;
  height: number;
}

/** How a file was read, where that is not plain. */
export type Note =
  | { code: 'depth'; bits: number }
  | { code: 'voi-lut' }
  | { code: 'window'; center: number; width: number }
  | { code: 'window-from-values'; low: number; high: number }
  | { code: 'no-window' }
  | { code: 'broken-voi-lut' }
  | { code: 'broken-window' }
  | { code: 'compressed'; codec: string; says: string }
  | { code: 'not-compressed'; says: string };

/** A technical fact of a DICOM file; none identifies anyone. Spacing is in mm. */
export type Fact =
  | { code: 'modality'; value: string }
  | { code: 'body-part'; value: string }
  | { code: 'view'; value: string }
  | { code: 'laterality'; value: string }
  | { code: 'spacing'; rows: number; columns: number; atDetector: boolean }
  | { code: 'matrix'; columns: number; rows: number }
  | { code: 'bits'; stored: number; allocated: number; signed: boolean }
  | { code: 'photometric'; value: string }
  | { code: 'transfer-syntax'; value: string };

/** What speaks against scoring a picture as a frontal chest radiograph. `share`: what could be read, from 0 to 1. */
export type Warning =
  | { code: 'modality'; modality: string }
  | { code: 'body-part'; part: string }
  | { code: 'lateral' }
  | { code: 'oblique' }
  | { code: 'frames'; count: number }
  | { code: 'not-square' }
  | { code: 'coloured' }
  | { code: 'damaged'; share: number };

/**
 * A synthetic chest radiograph. Lengths are fractions of the image's width unless said otherwise; what is out of range is
 * put at its end, and what is left out is that of a normal adult.
 */
export interface Phantom {
  /** Level of an effusion on the patient's right, 0 none to 1 most of the lung. */
  effusion: number;
  /** The same on the left. */
  leftEffusion: number;
  /** Cardiothoracic ratio, 0.4 to 0.7. */
  heart: number;
  /** A solitary round nodule. */
  nodule?: Nodule | null;
  /** Collapse of the left lung, 0 none to 1 nearly complete. */
  pneumothorax: number;
  /** The same of the right lung. */
  rightPneumothorax: number;
  /** Density of a consolidation, 0 none to 1 airless. */
  consolidation: number;
  /** Its centre, x and y. */
  consolidationCentre: [number, number];
  body: Body;
  /** From -1, too light a film, to 1, too dark. */
  exposure: number;
  /** In the image's plane, degrees clockwise, -15 to 15. */
  rotation: number;
  /** Of vessels, texture and noise; a whole number. */
  seed: number;
}

/** Build and breathing; all but `inspiration` are factors. */
export interface Body {
  /** 0.7 to 1.3. */
  width: number;
  /** 0.7 to 1.3. */
  height: number;
  /** Depth of the soft tissue, 0.6 to 1.6. */
  girth: number;
  /** Their depth, 0 to 3. */
  breasts: number;
  /** How much lower the diaphragm stands, -0.1 to 0.08. */
  inspiration: number;
}

/** Its centre, and its radius of 0.005 to 0.1. */
export interface Nodule {
  x: number;
  y: number;
  radius: number;
}

/** A synthetic radiograph on offer. */
export interface Example {
  /** Identifier. */
  name: string;
  /** Name for people. */
  title: string;
  /** What it shows. */
  finding?: string;
  params: Phantom;
}

/** Where a drawn finding lies, in fractions of the image. */
export interface Truth {
  finding: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How a typed text is understood. Where none of it is known, there are neither names nor statements. */
export interface Typed {
  /** Where it is a name, synonym or abbreviation: the finding's canonical name, then those in other finding sets. */
  names: string[];
  /** The name that it seems to be meant for, where it is none itself. */
  near?: string;
  /** The statements of the text, or of the name in `near`; of a name with several meanings one for each. */
  statements: Statement[];
  /** The text names no finding, but says that something is normal or absent: "normal chest". */
  rulesOut: boolean;
}

/** One statement of a text. */
export interface Statement {
  /** Canonical name. */
  finding: string;
  /** The text says that it is absent. */
  negated: boolean;
  /** The text is not sure. */
  uncertain: boolean;
  /** Part of the history or the question, not of what was seen. */
  historical: boolean;
  /** Canonical name, such as "right lower lobe". */
  location?: string;
  /** The standard prompt: "There is no Pleural Effusion in the right lower lobe". */
  prompt: string;
  /** Where the text names it, in bytes of UTF-8. */
  start: number;
  /** End of that range. */
  end: number;
}

/** What a language model is asked. */
export interface Rewriting {
  /** What it is told before it gets the text. */
  instructions: string;
  /** The JSON schema of its answer. */
  schema: object;
}

/** What a language model made of a text, as far as it can be believed. */
export interface Reading {
  /** In its order. */
  statements: Statement[];
  /** What it named as findings and the vocabulary does not know; left out. */
  unknownFindings: string[];
  /** What it named as places and the rules cannot read; the statements stay, without a place. */
  unknownPlaces: string[];
}

/** A name to offer while a person types. */
export interface Completion {
  /** The name, synonym or abbreviation. */
  text: string;
  /** The canonical finding that it stands for. */
  finding: string;
}

/** A file as the page provides it, read where it lies. */
export interface Stored {
  /** Fills `into` with its bytes from `start` on. */
  read(start: number, into: Uint8Array): void;
}

/** The instances beside a member of a pool: the one that computes the rows above its own, and the one below. */
export interface Neighbours {
  /** Sends one of them a message. */
  send(above: boolean, values: Float32Array): void;
  /** Fills `out` with its next message; false where none comes. */
  receive(above: boolean, out: Float32Array): boolean;
}

/** The pool of workers, as the page provides it. Members count from 0. */
export interface Pool {
  /** How many are ready, of the first ones. */
  ready(): number;
  /** How many numbers can be exchanged with a member. */
  capacity(): number;
  /** Copies inputs for a member's next share. */
  give(member: number, offset: number, values: Float32Array): void;
  /** Lets a member begin: the job as the lead encodes it, and how many numbers it was given. */
  start(member: number, job: Uint32Array, inputs: number): void;
  /** Numbers in a message between instances, at most. */
  room(): number;
  /** Sends the first member a message while it works. */
  send(values: Float32Array): void;
  /** Fills `out` with the first member's next message; false where none comes, or where all shares were taken back before they began. */
  receive(mayTakeBack: boolean, out: Float32Array): boolean;
  /** Waits for a member and fills `out` with its result; false where it is lost, or its share was taken back before it began. */
  finish(member: number, mayTakeBack: boolean, out: Float32Array): boolean;
}
