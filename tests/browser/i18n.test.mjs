/** English and Japanese: the same keys, every key used, every string of the page, and the page in Japanese. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OUTPUT, violations } from './setup.mjs';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { builtPage, openMenu, reached, textOf } from './visit.mjs';
import english from '../../www/i18n/en.js';
import japanese from '../../www/i18n/ja.js';
import { KEYS } from '../../www/features/viewer/keys.js';
import { PRESETS } from '../../www/core/viewport/pixels.js';
import { signed } from '../../www/core/words.js';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));
/** @type {Record<string, string>[]} */
const [en, ja] = [english, japanese];
const html = readFileSync(join(WWW, 'index.html'), 'utf8');
const sources = readdirSync(WWW, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.js') && !path.startsWith('i18n'))
  .map((path) => parse(readFileSync(join(WWW, path), 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' }));
const plain = (/** @type {string} */ text) => text.replace(/\s+/g, ' ').trim();

/** Prefixes of keys that are composed. */
const FAMILIES = [
  'error.',
  'cover.',
  'example.',
  'forget.store.',
  'fact.',
  'evaluate.cell.',
  'evaluate.dicom.',
  'evaluate.error.',
  'evaluate.form.',
  'evaluate.group.',
  'evaluate.left.',
  'evaluate.metric.',
  'evaluate.reason.',
  'lab.slider.',
  'model.view.',
  'note.',
  'part.',
  'reason.',
  'study.measure.',
  'study.note.',
  'study.side.',
  'teach.sure.',
  'teach.column.',
  'teach.missing.',
  'tour.',
  'warning.',
  'left.',
  'look.',
  'failure.',
  'key.',
  'preset.',
  'weights.',
  'map.',
  'series.done',
  'series.new',
  'series.rests',
  'series.runs',
  'series.waits',
  'wordings.',
  'zone.',
];
/** The strings that an expression may be, and the prefixes of those that it composes. @param {import('acorn').AnyNode} node @returns {{strings: string[], beginnings: string[]}} */
function textsOf(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') return { strings: [node.value], beginnings: [] };
  if (node.type === 'TemplateLiteral') {
    const [{ value }, ...others] = node.quasis;
    return others.length ? { strings: [], beginnings: [value.raw] } : { strings: [value.raw], beginnings: [] };
  }
  if (node.type !== 'ConditionalExpression') return { strings: [], beginnings: [] };
  const [one, two] = [textsOf(node.consequent), textsOf(node.alternate)];
  return { strings: [...one.strings, ...two.strings], beginnings: [...one.beginnings, ...two.beginnings] };
}

/** Which argument of a function is a key. */
/** @type {Record<string, number>} */
const KEY_OF = { t: 0, plural: 0, say: 1 };
/** Keys that are asked for by name, and the prefixes of those that are composed. */
const [asked, begun] = [new Set(), new Set()];
/** Every string of the sources. */
const written = new Set();
const ask = (/** @type {import('acorn').AnyNode} */ node) => {
  const { strings, beginnings } = textsOf(node);
  for (const key of strings) asked.add(key);
  for (const key of beginnings) begun.add(key);
};
/** The values that a string is given, where they are written beside its key. @type {{key: string, names: string[]}[]} */
const given = [];
/** @param {import('acorn').AnyNode} key @param {import('acorn').AnyNode | undefined} values @param {string[]} [more] */
function give(key, values, more = []) {
  if (values && values.type !== 'ObjectExpression') return;
  const names = (values?.properties ?? []).map((one) =>
    one.type === 'Property' && one.key.type === 'Identifier' ? one.key.name : '',
  );
  if (!names.includes(''))
    given.push(...textsOf(key).strings.map((text) => ({ key: text, names: [...names, ...more] })));
}
for (const source of sources) {
  simple(source, {
    CallExpression({ callee, arguments: all }) {
      const called = callee.type === 'Identifier' ? callee.name : '';
      const place = KEY_OF[called];
      if (place !== undefined && all[place]) ask(all[place]);
      if (called === 't' && all[0]) give(all[0], all[1]);
      if (called === 'plural') give(all[0], all[2], ['count']);
    },
    ObjectExpression({ properties }) {
      const of = (/** @type {string} */ name) =>
        properties.flatMap((one) =>
          one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === name ? [one.value] : [],
        )[0];
      if (of('key') && of('values')) give(of('key'), of('values'));
    },
    Property({ key, value }) {
      const named = key.type === 'Identifier' && key.name === 'key';
      if (named && textsOf(value).strings.every((text) => text.includes('.'))) ask(value); // not a key of the keyboard
    },
    Literal({ value }) {
      if (typeof value === 'string') written.add(value);
    },
    TemplateLiteral(node) {
      for (const text of textsOf(node).strings) written.add(text);
    },
  });
}
const inPage = [...html.matchAll(/data-i18n(?:-[a-z-]+)?="([^"]+)"/g)].map(([, key]) => key);
const exact = new Set([...inPage, ...written]);

const built = builtPage();

test('a number has a minus only where one of its digits says so', () => {
  assert.deepEqual(
    [-0.51, -0.001, 0, 0.4].map((value) => signed(value)),
    ['−0.51', '0.00', '0.00', '0.40'],
  );
});

test('both languages have the same strings with the same values, none empty', () => {
  assert.deepEqual(Object.keys(ja).sort(), Object.keys(en).sort());
  const values = (/** @type {string} */ text) => [...text.matchAll(/\{(\w+)\}/g)].map(([name]) => name).sort();
  for (const [key, text] of Object.entries(en)) {
    assert.ok(text && ja[key], key);
    if (!key.startsWith('error.')) assert.deepEqual(values(ja[key]), values(text), key);
  }
});

test('in Japanese a word is spelt one way, and what is quoted is on a button', () => {
  const all = Object.values(ja).join('\n');
  const words = new Set(all.match(/[ァ-ヺー]{4,}/g));
  assert.deepEqual(
    [...words].filter((word) => word.endsWith('ー') && words.has(word.slice(0, -1))),
    [],
  );
  const quoted = [...all.matchAll(/「([^」{}]+)」/g)].map(([, text]) => text);
  const unknown = quoted.filter((text) => !Object.values(ja).includes(text));
  assert.deepEqual([...new Set(unknown)].sort(), ['There is no …', 'ない'], 'but for what is no button');
});

test('every string gets the values that it shows', () => {
  assert.ok(given.length > 400, `${given.length} were found`);
  const shown = (/** @type {string} */ key) => [...(en[key] ?? en[`${key}.other`] ?? '').matchAll(/\{(\w+)\}/g)];
  for (const { key, names } of given)
    for (const [, name] of shown(key)) assert.ok(names.includes(name), `${key} has no ${name}: ${names}`);
});

test('every key that is used exists, and every string is used', () => {
  assert.ok(asked.size > 250, `${asked.size} keys were found`);
  for (const key of [...asked, ...inPage]) assert.ok(Object.hasOwn(en, key) || Object.hasOwn(en, `${key}.other`), key);
  for (const key of begun) {
    assert.ok(
      FAMILIES.some((family) => key.startsWith(family) || family.startsWith(key)),
      `${key}…`,
    );
    assert.ok(
      Object.keys(en).some((other) => other.startsWith(key)),
      `${key}…`,
    );
  }
  for (const { action, value } of KEYS)
    assert.ok(action === 'preset' || Object.hasOwn(en, `key.${value ?? action}`), `${action} ${value}`);
  for (const { key } of PRESETS)
    assert.ok(Object.hasOwn(en, `preset.${key}`) && Object.hasOwn(en, `preset.${key}.hint`), key);
  const unused = Object.keys(en).filter(
    (key) =>
      !exact.has(key) &&
      !exact.has(key.replace(/\.(one|other)$/, '')) &&
      !FAMILIES.some((family) => key.startsWith(family)),
  );
  assert.deepEqual(unused, []);
});

test('the words in index.html are those of en.js, and none lacks a key', () => {
  for (const [, key, text] of html.matchAll(/data-i18n="([^"]+)">([^<]*)</g)) assert.equal(plain(text), en[key], key);
  for (const [, attribute, text, named, key] of html.matchAll(/ ([a-z-]+)="([^"]*)" data-i18n-([a-z-]+)="([^"]+)"/g)) {
    assert.equal(attribute, named, key);
    assert.equal(text, en[key], key);
  }
  const body = html.slice(html.indexOf('<body>'));
  const bare = [...body.matchAll(/<(\w+)([^<>]*)>([^<>]*[A-Za-z]{2}[^<>]*)</g)]
    .filter(([, , attributes]) => !attributes.includes('data-i18n='))
    .map(([, , , text]) => plain(text));
  assert.deepEqual(
    bare.filter((text) => !/^(CARZero|WebGPU|CPU|Enter|Delete|Esc|Lai et al.*)$/.test(text)),
    [],
    'names only',
  );
  const labels = [...body.matchAll(/ (?:aria-label|placeholder|title)="[^"]+"(?! data-i18n-)/g)].map(([text]) => text);
  assert.deepEqual(labels, []);
});

test('the page in Japanese: language, findings beside their prompts, numbers, errors, and the switch', async () => {
  const context = await built.browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'ja-JP',
    bypassCSP: true,
  });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  const reach = (/** @type {string} */ state) => reached(page, state);
  const shot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `ja-${name}.png`) });
  const audit = async (/** @type {string} */ state) => {
    assert.deepEqual(await violations(page), [], state);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), state);
  };
  await page.goto(built.site.origin);
  await reach('ready');
  assert.equal(await page.locator('html').getAttribute('lang'), 'ja');
  assert.match(await page.title(), /ブラウザ版/);
  await shot('empty-1280');
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
  const row = page.locator('[data-finding="Pleural Effusion"]');
  assert.match(await textOf(row), /胸水\s+Pleural Effusion/);
  assert.match(await textOf(page.getByTestId('detail')), /パーセンタイル[^]*確率ではありません[^]*There is/);
  assert.match(await textOf(page.locator('.foot')), /研究・教育用。診断には使用できません。/);
  assert.match(await textOf(page.locator('#live')), /件の所見を採点しました/);
  await audit('scored');
  await shot('scored-1280');

  await page.setInputFiles('[data-testid="file-input"]', {
    name: 'notes.png',
    mimeType: 'image/png',
    buffer: Buffer.from('no image'),
  });
  await page.getByTestId('error-message').getByText('notes.pngは開けませんでした').waitFor();
  assert.match(await textOf(page.getByTestId('error-message')), /画像として読み込めません/);
  await page.getByTestId('finding-input').fill('ふしぎな影');
  await page.keyboard.press('Enter');
  await page.getByText('モデルが読めるのは英語').waitFor();
  await page.getByTestId('review-cancel').click();
  await page.locator('#dismiss').click();

  // Nothing that is on show, or that is read out, is left in English but prompts, names and units.
  const english = await page.evaluate(() => {
    const left = [];
    const allowed =
      /^(CARZero|CPU|WebGPU|Automatic|English|inferno|viridis|magma|turbo|grey|W \d+ +L \d+|ChestX-ray14 \(14\)|[\d.,]+ ?(ms|s|mm|px|MB))$/i;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      const text = node.nodeValue?.trim() ?? '';
      if (!/[A-Za-z]{3}/.test(text) || /[ぁ-んァ-ヶ一-龠]/.test(text) || allowed.test(text)) continue;
      if (
        parent?.closest(
          '[lang="en"], template, script, kbd, .cite, #credits, #model-card dd, #model-title, select, .tag, strong',
        )
      )
        continue;
      left.push(text);
    }
    for (const element of document.querySelectorAll('body [aria-label], body [title], body [placeholder]')) {
      for (const name of ['aria-label', 'title', 'placeholder']) {
        const text = element.getAttribute(name) ?? '';
        if (/[A-Za-z]{3}/.test(text) && !/[ぁ-んァ-ヶ一-龠]/.test(text)) left.push(`${name}: ${text}`);
      }
    }
    return left;
  });
  assert.deepEqual(english, []);

  await page.locator('#tools button[data-action="help"]').click();
  await shot('sheet-1280');
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.evaluate(() => scrollTo(0, 0));
  await shot('scored-360');
  await audit('360');

  await openMenu(page);
  await page.getByTestId('language').click(); // at once, with the picture and the scores
  await page.locator('html[lang="en"]').waitFor({ state: 'attached' });
  await reach('done');
  assert.match(await textOf(page.getByTestId('detail')), /percentile/);
  assert.equal(await textOf(row.locator('.name')), 'Pleural Effusion');
  assert.equal(await page.locator('#tools button[data-value="pan"]').getAttribute('title'), 'Pan (P)');
  assert.match(await textOf(page.locator('#image-note')), /Right pleural effusion, synthetic/);
  await page.reload();
  await reach('ready');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en', 'the choice is remembered');
  assert.deepEqual(problems, []);
  await context.close();
});
