/** What the program says in English, in Japanese. The names of findings come from the vocabulary of the program itself. */

/** @type {[RegExp, string][]} */
export const TEXTS = [
  [/^The model looks at the whole picture, scaled down and padded to a square, less a margin of 6 % on each side\.$/, 'モデルは、画像全体を縮小し、余白を足して正方形にしたものから、各辺6%を除いた範囲を見ます。'],
  [/^The model looks at the central square of the picture, less a margin of 6 % on each side\.$/, 'モデルは、画像の中央の正方形から各辺6%を除いた範囲を見ます。'],
  [/^(\d[\d,]*) frontal chest radiographs of the NIH ChestX-ray14 collection, mostly of adults$/, 'NIH ChestX-ray14の胸部正面像$1枚（主に成人）'],
  [/^(\d[\d,]*) images of ChestX-ray14 of other patients than the model learnt from$/, 'ChestX-ray14の画像$1枚（学習に使っていない患者）'],
  [/^16-bit file, its values read as (\d+)-bit$/, '16ビットのファイル（$1ビットの値として読み込み）'],
  [/^(.+; )?its pixels are not compressed, though the file says (.+)$/, '$1画素は圧縮されていません（ファイルには$2とあります）'],
  [/^(.+; )?its pixels are (.+), though the file says (.+)$/, '$1画素は$2です（ファイルには$3とあります）'],
  [/^Modality$/, 'モダリティ'],
  [/^Body part$/, '撮影部位'],
  [/^View$/, '撮影方向'],
  [/^Laterality$/, '左右'],
  [/^Spacing$/, '画素間隔'],
  [/^Matrix$/, 'マトリクス'],
  [/^Bits$/, 'ビット数'],
  [/^Photometric$/, '表示形式'],
  [/^Transfer syntax$/, '転送構文'],
];
