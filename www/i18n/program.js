/** What the program says in English, in Japanese. The names of findings come from the vocabulary of the program itself. */

/** @type {[RegExp, string][]} */
export const TEXTS = [
  [/^(\d[\d,]*) frontal chest radiographs of the NIH ChestX-ray14 collection, mostly of adults$/, 'NIH ChestX-ray14の胸部正面像$1枚（主に成人）'],
  [/^(\d[\d,]*) images of ChestX-ray14 of other patients than the model learnt from$/, 'ChestX-ray14の画像$1枚（学習に使っていない患者）'],
  [/^its JPEG data: .+$/, 'JPEGデータが壊れています'],
  [/^its RLE data .+$/, 'RLEデータが壊れています'],
  [/^its JPEG 2000 data: .+$/, 'JPEG 2000データが壊れています'],
  [/^it does not say how it is written$/, '転送構文の記載がありません'],
  [/^it has no pixels$/, '画素がありません'],
  [/^it is cut off or damaged$/, '途中で切れているか、壊れています'],
  [/^its pixels are cut off$/, '画素が途中で切れています'],
  [/^its compressed picture has another size$/, '圧縮画像の大きさが記載と異なります'],
  [/^its data is no deflate$/, 'deflateデータではありません'],
  [/^its palette of colours is missing$/, 'カラーパレットがありません'],
  [/^its pixels should be compressed and are not$/, '圧縮されているはずの画素が圧縮されていません'],
  [/^its pixels are JPEG-LS in colour$/, 'カラーのJPEG-LSです'],
  [/^its pixels are progressive JPEG of 12 bits$/, '12ビットのプログレッシブJPEGです'],
  [/^its pixels are floating-point numbers$/, '画素が浮動小数点数です'],
  [/^its pixels are stored as (.+), (\S+)$/, '画素の保存形式は$1（$2）です'],
  [/^its samples have one bit, as those of a mask$/, 'マスクのような1ビットの画素です'],
  [/^its samples have (\d+) bits$/, '画素が$1ビットです'],
  [/^(\d+) x (\d+) pixels$/, '$1×$2画素'],
];
