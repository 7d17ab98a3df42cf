/**
 * What the models made here say of themselves in free text, in Japanese. A model's config says it in English, and so do
 * models that others make: it is the model's data, not the program's, and has no code.
 */

/** @type {[RegExp, string][]} */
export const MODEL_TEXTS = [
  [
    /^(\d[\d,]*) frontal chest radiographs of the NIH ChestX-ray14 collection, mostly of adults$/,
    'NIH ChestX-ray14の胸部正面像$1枚（主に成人）',
  ],
  [
    /^(\d[\d,]*) images of ChestX-ray14 of other patients than the model learnt from$/,
    'ChestX-ray14の画像$1枚（学習に使っていない患者）',
  ],
  [/^CARZero, the method, and its logits as a teacher$/, '手法CARZeroと、教師としたそのロジット'],
  [/^MobileNetV2 on ImageNet, where the image encoder started$/, '画像エンコーダの初期値（ImageNetのMobileNetV2）'],
  [/^all-MiniLM-L6-v2, the text encoder$/, 'テキストエンコーダ all-MiniLM-L6-v2'],
  [/^ChestX-ray14, training images$/, '学習画像 ChestX-ray14'],
  [
    /^RSNA Pneumonia Detection Challenge 2018, training images and readings$/,
    '学習画像と読影 RSNA Pneumonia Detection Challenge 2018',
  ],
  [/^Paediatric chest radiographs, training images$/, '学習画像 小児胸部X線'],
  [/^COVID-19 image data collection, training images$/, '学習画像 COVID-19 image data collection'],
  [/^Apache-2\.0 \(code\)$/, 'コードはApache-2.0'],
  [/^no restrictions; the NIH asks to be acknowledged$/, '制限なし。NIHへの謝辞が求められる'],
  [
    /^academic, commercial and non-commercial use with attribution of RSNA, Kaggle and the NIH$/,
    'RSNA・Kaggle・NIHの表示により学術・商用・非商用で利用可',
  ],
  [/^by image$/, '画像ごとに異なる'],
];
