/** What the program hands over as codes with values is said in both languages. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { matchOf } from './setup.mjs';
import en from '../../www/i18n/en.js';
import { LANGUAGES, modelText, programMessage, setLanguage, tell } from '../../www/core/i18n.js';
import { factInWords, noteInWords, populationInWords, viewInWords } from '../../www/core/words.js';
import { referenceOf } from '../../www/core/written.js';
import { errorInWords } from '../../www/features/evaluate/words.js';
import { leftOut } from '../../www/core/review.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// A document without words: only what the functions return is read here.
Object.assign(globalThis, { document: { documentElement: {}, querySelectorAll: () => [] } });
afterEach(() => setLanguage('en'));

/** In English and in Japanese. @template T @param {() => T} say @returns {T[]} */
const inBoth = (say) =>
  LANGUAGES.map((name) => {
    setLanguage(name);
    return say();
  });

/** The codes of an enum that Rust serialises by the names of its variants. @param {string} path @param {string} name */
function codesOf(path, name) {
  const source = readFileSync(join(root, path), 'utf8');
  const [, body] = matchOf(source, new RegExp(`pub enum ${name} \\{\n([^]*?)\n\\}`));
  return [...body.matchAll(/^ {4}([A-Z]\w*)/gm)].map(([, variant]) =>
    variant.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase(),
  );
}

const keysOf = (/** @type {string} */ family) =>
  Object.keys(en)
    .filter((key) => key.startsWith(family))
    .map((key) => key.slice(family.length));

test('every note has its words, and numbers stand as in the viewer', () => {
  assert.deepEqual(codesOf('src/radiograph/note.rs', 'Note').sort(), keysOf('note.').sort());
  assert.deepEqual(
    inBoth(() => noteInWords({ code: 'window', center: 2048, width: 4096.5 })),
    ['the file’s window, center 2048, width 4096.5', 'ファイルのウィンドウで表示（中心2048、幅4096.5）'],
  );
  assert.deepEqual(
    inBoth(() => noteInWords({ code: 'window-from-values', low: -1024, high: 3071 })),
    ['window from the picture’s values, -1024 to 3071', '画像の値（-1024〜3071）から決めたウィンドウで表示'],
  );
  assert.deepEqual(
    inBoth(() => noteInWords({ code: 'compressed', codec: 'JPEG', says: 'RLE Lossless' })),
    ['its pixels are JPEG, though the file says RLE Lossless', '画素はJPEGです（ファイルにはRLE Losslessとあります）'],
  );
});

test('every fact has a name, and its value words where it is not the file’s own', () => {
  const codes = codesOf('src/radiograph/dicom/about.rs', 'Fact');
  const names = keysOf('fact.').filter((key) => !key.includes('.'));
  assert.deepEqual(names.sort(), codes.sort());
  const said = (/** @type {import('../../www/core/state.js').Fact} */ fact) =>
    inBoth(() => factInWords(fact).join(': '));
  assert.deepEqual(said({ code: 'body-part', value: 'CHEST' }), ['Body part: CHEST', '撮影部位: CHEST']);
  assert.deepEqual(said({ code: 'matrix', columns: 2500, rows: 2048 }), [
    'Matrix: 2500 × 2048',
    'マトリクス: 2500 × 2048',
  ]);
  assert.deepEqual(said({ code: 'spacing', columns: 0.2, rows: 0.143251, atDetector: false }), [
    'Spacing: 0.2 × 0.1433 mm (Pixel Spacing)',
    '画素間隔: 0.2 × 0.1433 mm（Pixel Spacing）',
  ]);
  assert.deepEqual(said({ code: 'spacing', columns: 0.2, rows: 0.2, atDetector: true }), [
    'Spacing: 0.2 × 0.2 mm (at the detector)',
    '画素間隔: 0.2 × 0.2 mm（検出器面）',
  ]);
  assert.deepEqual(said({ code: 'bits', stored: 12, allocated: 16, signed: false }), [
    'Bits: 12 of 16, unsigned',
    'ビット数: 16ビット中12ビット、符号なし',
  ]);
  assert.deepEqual(said({ code: 'bits', stored: 15, allocated: 16, signed: true }), [
    'Bits: 15 of 16, signed',
    'ビット数: 16ビット中15ビット、符号あり',
  ]);
});

test('what the model looks at is told with the margin that its config has', () => {
  assert.deepEqual(
    codesOf('src/radiograph/preprocess.rs', 'Resize')
      .map((code) => code.replaceAll('-', '_'))
      .sort(),
    keysOf('model.view.').sort(),
  );
  assert.deepEqual(
    inBoth(() => viewInWords({ resize: 'centre_square', margin: 0.0625 })),
    [
      'The model looks at the central square of the picture, less a margin of 6% on each side.',
      'モデルは、画像の中央の正方形から各辺6%を除いた範囲を見ます。',
    ],
  );
  assert.deepEqual(
    inBoth(() => viewInWords({ resize: 'longest_side_pad', margin: 0.1 }).match(/\d+%/)?.[0]),
    ['10%', '10%'],
  );
});

test('every reason for which a picture cannot be read has its words', () => {
  assert.deepEqual(codesOf('src/error.rs', 'Reason').sort(), keysOf('reason.').sort());
  const said = (/** @type {string} */ code, /** @type {object} */ values) =>
    inBoth(() => tell(programMessage({ code, message: 'The program’s English.', values })));
  assert.deepEqual(said('bad-dicom', { reason: { code: 'broken', codec: 'RLE', what: 'cut off' } }), [
    'this DICOM file cannot be read: its RLE data is damaged. Export it again, or export its image as PNG',
    'このDICOMファイルは読み込めません。もう一度書き出すか、画像をPNGで書き出してください（RLEデータが壊れています）。',
  ]);
  for (const text of said('unsupported-dicom', { reason: { code: 'video', uid: '1.2.840.10008.1.2.4.102' } }))
    assert.match(text, /MPEG.*1\.2\.840\.10008\.1\.2\.4\.102/);
  assert.deepEqual(
    said('image-too-large', { megapixels: '64', reason: { code: 'size', width: 65535, height: 65535 } }),
    [
      'this image is too large (65,535 × 65,535 pixels). Scale it down to 64 megapixels or less',
      '画像が大きすぎます（65,535×65,535画素）。64メガピクセル以下に縮小してください。',
    ],
  );
  assert.deepEqual(
    said('bad-prompt', { reason: '!?' })[1],
    '「!?」には、モデルが読める語がありません。英語（ラテン文字と数字）の語が必要です。',
  );
});

test('every reason for which nothing can be measured has its words', () => {
  const codes = codesOf('src/evaluate/reason.rs', 'Reason');
  assert.deepEqual(codes.sort(), keysOf('evaluate.reason.').sort());
  const said = (/** @type {string} */ code, /** @type {object} */ reason) =>
    inBoth(() => tell(errorInWords({ code, message: 'The program’s English.', values: { reason } }) ?? ''));
  assert.deepEqual(said('no-findings', { code: 'no-negative', findings: 'Mass, Edema' }), [
    'There is no finding to measure: no image is without the finding (Mass, Edema).',
    '測定できる所見がありません：所見のない画像がありません（Mass, Edema）。',
  ]);
  assert.deepEqual(said('bad-option', { code: 'one-sided', choosing: 1200, evaluating: 0 }), [
    'This cannot be measured: of the images with labels 1,200 are for choosing thresholds and 0 for evaluating, and both are needed.',
    '測定できません：ラベルのある画像のうち、しきい値の選択用が1,200枚、評価用が0枚で、両方が必要です。',
  ]);
});

test('whose images scores are ranked among is said with their name', () => {
  const ward = { population: 'ward 7', ownImages: 1200 };
  assert.deepEqual(
    inBoth(() => populationInWords(ward)),
    ['ward 7 (1,200 images, not the model’s)', 'ward 7（1,200枚、モデル付属ではない画像）'],
  );
  assert.equal(referenceOf(ward), 'ward 7 (own population of 1200 images)');
  assert.equal(referenceOf({ population: '9 of ours' }), '9 of ours');
  assert.equal(referenceOf({}), null);
});

test('whom a model was measured on is Japanese where it is known, and as its config says otherwise', () => {
  const { reference } = JSON.parse(readFileSync(join(root, 'models/default/config.json'), 'utf8'));
  assert.doesNotMatch(inBoth(() => modelText(reference.population))[1], /images|patients|mostly/);
  assert.deepEqual(
    inBoth(() => modelText('9 of ours')),
    ['9 of ours', '9 of ours'],
  );
});

test('of a short list, what was not understood is told', () => {
  const at = (/** @type {string} */ text, /** @type {string} */ name) => {
    const start = Buffer.from(text.slice(0, text.indexOf(name))).length;
    return { start, end: start + Buffer.from(name).length };
  };
  for (const [text, names, left] of /** @type {const} */ ([
    ['pneumothorax, banana and flying saucer', ['pneumothorax'], ['banana', 'flying saucer']],
    ['left pleural effusion and banana', ['pleural effusion'], ['banana']],
    ['胸水、りんご', ['胸水'], ['りんご']],
    ['no effusion, no pneumothorax', ['effusion', 'pneumothorax'], []],
    ['Heart size is normal. Small effusion.', ['effusion'], []],
    ['Effusion. Banana split. CMG.', ['Effusion'], ['Banana split', 'CMG']],
    ['1.5 cm nodule. Heart size is normal.', ['nodule'], []],
    ['banana', [], []],
  ])) {
    const statements = names.map((name) => at(text, name));
    assert.deepEqual(leftOut(text, statements), left, text);
  }
});
