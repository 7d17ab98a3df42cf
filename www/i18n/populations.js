/**
 * Whom the models made here were measured on, in Japanese. A model's config says it in English, as free text, and so do
 * models that others make: it is the model's data, not the program's, and has no code.
 */

/** @type {[RegExp, string][]} */
export const POPULATIONS = [
  [
    /^(\d[\d,]*) frontal chest radiographs of the NIH ChestX-ray14 collection, mostly of adults$/,
    'NIH ChestX-ray14の胸部正面像$1枚（主に成人）',
  ],
  [
    /^(\d[\d,]*) images of ChestX-ray14 of other patients than the model learnt from$/,
    'ChestX-ray14の画像$1枚（学習に使っていない患者）',
  ],
];
