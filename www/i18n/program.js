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
  [/^The picture has colours, unlike a radiograph: it may be a photograph of one, or something else\.$/, 'この画像には色があります。X線画像に色はないため、それを撮影した写真か、別のものかもしれません。'],
  [/^The file says that its modality is (.+): the model knows frontal chest radiographs only\.$/, 'このファイルのモダリティは$1です。モデルが知っているのは胸部正面のX線画像だけです。'],
  [/^The file says that it shows (.+), not the chest: the model knows frontal chest radiographs only\.$/, 'このファイルの撮影部位は胸部ではなく$1です。モデルが知っているのは胸部正面のX線画像だけです。'],
  [/^The file says that this is a lateral view: the model knows frontal chest radiographs only\.$/, 'このファイルは側面像です。モデルが知っているのは胸部正面のX線画像だけです。'],
  [/^The file says that this is an oblique view: the model knows frontal chest radiographs only\.$/, 'このファイルは斜位像です。モデルが知っているのは胸部正面のX線画像だけです。'],
  [/^The file has (\d+) frames: the first is shown and scored\.$/, 'このファイルには$1フレームあります。最初のフレームを表示し、採点します。'],
  [/^The file’s pixels are not square: the model sees the picture stretched\.$/, 'このファイルの画素は正方形ではありません。モデルには引き伸ばされた画像として見えます。'],
];
