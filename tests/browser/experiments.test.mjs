/** Experiments: scores of parts of the model, and whether a score rests on what its map shows. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dicom } from './dicom.mjs';
import { DIST, OUTPUT, matchOf, violations } from './setup.mjs';
import { addOwnWords, boxOf, builtPage, pixelsOf, reached, recordWorker, textOf, visit } from './visit.mjs';
/** @import { Page } from 'playwright-core' */

const built = builtPage({ micro: true });
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

test('experiments are offered with a finding’s score', async () => {
  ({ page, problems } = await visit(built.browser, {}));
  await recordWorker(page);
  await page.goto(`${built.site.origin}/?device=cpu`);
  await reached(page, 'ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reached(page, 'done');
  await page.locator('[data-finding="Pleural Effusion"] .pick').click();
  await page.getByTestId('experiments-open').waitFor();
});

const open = async () => {
  if (!(await page.getByTestId('experiments').isVisible())) await page.getByTestId('experiments-open').click();
};
const close = () => page.keyboard.press('Escape');
const result = () => page.getByTestId('look-result');
/** Waits for two dozen passes over the image. */
const looked = () => result().waitFor({ timeout: 120_000 });

test('cross-attention and cosine stand side by side, with their maps', async () => {
  const listed = await textOf(page.locator('[data-finding="Pleural Effusion"] .value'));
  await open();
  const rows = page.getByTestId('heads').locator('.head-row');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 14);
  const selected = page.locator('.head-row[data-selected] .part-value');
  assert.deepEqual(
    await selected.allTextContents(),
    [`cross-attention ${listed}`, matchOf(await textOf(selected.nth(1)), /^cosine [<>]?\d.+/)[0]],
    'a screen reader says which is which',
  );
  assert.match(
    await textOf(page.getByTestId('heads-most')),
    /They disagree most over .+: .+ percentile by cross-attention, .+ percentile by cosine\./,
  );
  const [cross, cosine] = await Promise.all(
    ['#heads-cross', '#heads-cosine'].map((canvas) => pixelsOf(page.locator(canvas))),
  );
  assert.ok(new Set(cross).size > 50 && new Set(cosine).size > 50, 'both are drawn');
  assert.notDeepEqual(cross, cosine);
  await close();
});

test('every part of the model scores, and the whole one as the list says', async () => {
  const listed = await textOf(page.locator('[data-finding="Pleural Effusion"] .value'));
  await open();
  const parts = page.getByTestId('parts').locator('.part');
  await parts.first().waitFor();
  assert.equal(await parts.count(), 5 + 2 + 2 * 4, 'the parts, two layers, four heads of each');
  assert.equal(await textOf(parts.first().locator('.part-value').first()), listed);
  const logits = await parts.locator('.part-value.small').allTextContents();
  assert.ok(new Set(logits).size > 10, 'parts differ');
  const warned = await page.getByTestId('experiments-warnings').locator('p').allTextContents();
  assert.deepEqual(warned, await page.getByTestId('warnings').locator('p').allTextContents());
  assert.match(warned[0], /This is a drawing/);
  assert.match(
    await textOf(page.getByTestId('parts-most')),
    /^The largest change: (with [a-z].+ alone|without .+), from the .+ percentile to the [<>\d].+\.$/,
  );
});

test('a drawn effusion is the reason for its score, with any cover', async () => {
  await looked();
  for (const cover of ['blur', 'mirror', 'mean']) {
    await page.getByTestId('look-cover').selectOption(cover);
    await result()
      .waitFor({ state: 'hidden' })
      .catch(() => {}); // the result is there at once, if places were covered so before
    await looked();
    assert.match(await textOf(page.getByTestId('look-conclusion')), /the score rests on it\.$/, cover);
  }
  assert.equal(await page.locator('#look-figure .strip-control').count(), 20);
  assert.equal(await page.getByTestId('look-standings').locator('dd').count(), 5);
  const framed = await page
    .locator('#look-region')
    .evaluate(
      (canvas) => /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(0, 0, 224, 224).data,
    );
  assert.ok(framed && new Set(Object.values(framed)).size > 50, 'the image and the place are drawn');
  assert.deepEqual(await violations(page), []);
  await page.screenshot({ path: join(OUTPUT, 'experiments-1280.png') });
  await close();
  await page.getByTestId('experiments').waitFor({ state: 'hidden' });
});

test('wordings of one meaning stand apart, and together once they are aligned', async () => {
  await open();
  await page
    .getByTestId('wordings-result')
    .getByText(/\d+ wordings of the same meaning: standard deviation [1-9].* as they are, 0 once aligned/)
    .waitFor();
  assert.ok((await page.locator('#wordings-figure .wording-mark').count()) > 60, 'two lines of them');
  await page.getByTestId('wordings-all').locator('summary').click();
  const row = (/** @type {string} */ text) =>
    page.locator('#wordings-rows tr').filter({ has: page.getByRole('cell', { name: text, exact: true }) });
  assert.match(await row('No evidence of pleural effusion').innerText(), /There is no Pleural Effusion/);
  assert.match(await row('胸水').innerText(), /not readable\s+There is Pleural Effusion\s+>?\d/);
  await page.getByTestId('wordings-text').fill('banana');
  await page.keyboard.press('Enter');
  await row('banana')
    .getByText(/not understood/)
    .waitFor();
  assert.match(await row('banana').innerText(), /never learnt.*never learnt$/s, 'it has no rank');
  assert.equal(await page.getByTestId('wordings-text').inputValue(), '');
  await close();
});

test('the way from the sentence to the score is walked through the numbers that were computed', async () => {
  await open();
  const words = page.getByTestId('steps-words').locator('.word');
  await words.first().waitFor();
  assert.deepEqual(await words.evaluateAll((all) => all.map((word) => word.firstElementChild?.textContent)), [
    '[CLS]',
    'there',
    'is',
    'pleural',
    'effusion',
    '[SEP]',
  ]);
  const steps = await page.evaluate(() => globalThis.explained.at(-1));
  assert.ok(steps);
  assert.equal(await textOf(words.nth(4).locator('.word-pieces')), 'e ##ff ##usion');
  for (const [list, rows] of [
    ['#steps-vectors', steps.words.length + 2],
    ['#steps-fused', 2],
    ['#steps-hidden', 2 * steps.hidden.length],
  ])
    assert.equal(await page.locator(`${list} .vector`).count(), rows);
  const [whole] = await page
    .locator('#steps-vectors .vector canvas')
    .evaluateAll((all) => all.slice(-2).map((row) => row.ariaLabel));
  const range = [Math.min, Math.max].map((end) =>
    end(...Object.values(steps.textVector))
      .toFixed(2)
      .replace('-', '−'),
  );
  assert.equal(whole, `the whole sentence: 256 numbers, ${range.join(' to ')}`);

  const shares = await page
    .getByTestId('steps-attended')
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll('td')].map((cell) => parseFloat((cell.textContent ?? '').replace('<', ''))),
      ),
    );
  assert.equal(shares[0].length, 2 * 4, 'two layers, four heads of each');
  for (let head = 0; head < 8; head++) {
    const sum = shares.reduce((all, row) => all + row[head], 0);
    assert.ok(Math.abs(sum - 100) < 3, `all of a head’s attention is told: ${sum}`);
    const weight = 100 * steps.attendedWords[head * steps.words.length + 4];
    assert.ok(Math.abs(shares[4][head] - weight) < 0.51, `effusion, head ${head}: ${weight}`);
  }
  const { logit } = steps;
  const said = await textOf(page.getByTestId('steps-sum'));
  assert.ok(said.includes(`the logit is ${logit.toFixed(3)}.`), said);
  const listed = await textOf(page.locator('[data-finding="Pleural Effusion"] .value'));
  assert.ok(said.includes(`${listed} percentile`), said);
  assert.ok(
    logit.toFixed(2) === (await page.locator('#parts-list [data-part="whole"] .small').textContent()),
    'the score itself',
  );
  await close();
});

test('words, heads and patches are linked, by pointer and by keys, and nothing is asked twice', async () => {
  await open();
  const map = page.getByTestId('steps-map');
  const told = page.getByTestId('steps-said');
  await map.waitFor();
  const own = await pixelsOf(map);
  const word = page.getByTestId('steps-words').locator('.word').nth(1);
  await word.hover();
  await told.getByText('Where the word “there” alone would look; not part of the score.').waitFor();
  assert.notDeepEqual(await pixelsOf(map), own);
  await page.getByTestId('steps-heads').locator('.walk-head').nth(5).focus();
  await told.getByText(/by head 2 of layer 2: \d+% of its attention went to patches/).waitFor();
  await map.focus();
  await page.keyboard.press('ArrowLeft');
  await told.getByText(/^Patch in row/).waitFor(); // beside the patch with the highest value
  const placeOf = async () =>
    matchOf(await textOf(told), /^Patch in row (\d+), column (\d+) of 14/)
      .slice(1)
      .map(Number);
  const [row, column] = await placeOf();
  await page.keyboard.press('ArrowDown');
  assert.deepEqual(await placeOf(), [row + 1, column]);
  const here = await page.getByTestId('steps-words').locator('.word-share').allTextContents();
  const steps = await page.evaluate(() => globalThis.explained.at(-1));
  const weights = here.map((_, i) => steps?.wordPatches[i * 196 + row * 14 + column - 1] ?? NaN);
  here.forEach((share, i) =>
    assert.ok(weights[i] < 0.0005 ? share === '<0.1%' : Math.abs(parseFloat(share) - 100 * weights[i]) < 0.51, share),
  );
  await map.blur();
  await page.mouse.move(0, 0);
  await word.click();
  await page.mouse.move(0, 0);
  assert.equal(await word.getAttribute('aria-pressed'), 'true', 'what was pressed stays');
  await told.getByText('Where the word “there” alone').waitFor();
  assert.deepEqual(await violations(page), []);
  await close();
  await page.getByTestId('why').locator('summary').click();
  await page.getByTestId('why-words').waitFor();
  const asked = await page.evaluate(() => globalThis.asked.filter(({ type }) => type === 'explain').length);
  assert.equal(asked, 1, 'Why and the experiments have one explanation');
  await page.getByTestId('why').locator('summary').click();
});

test('a finding is opened into what is seen of it', async () => {
  await open();
  const rows = page.getByTestId('observations').locator('.part');
  await rows.nth(5).waitFor();
  const names = await rows.evaluateAll((all) => all.map((row) => row.firstElementChild?.firstChild?.textContent));
  assert.deepEqual(names.slice(0, 3), [
    'the finding asked for directly',
    'all observations put together',
    'There is blunting of the costophrenic angle',
  ]);
  const standings = await rows.locator('.part-value:not(.small)').allTextContents();
  const listed = await textOf(page.locator('[data-finding="Pleural Effusion"] .value'));
  assert.equal(standings[0], listed);
  const ranked = standings.slice(2).filter(Boolean).length;
  const said = await textOf(page.getByTestId('observations-result'));
  assert.ok(said.startsWith(`${ranked} observations put together: ${standings[1]} percentile; `), said);
  assert.equal(await page.getByTestId('observations-maps').locator('canvas').count(), 4);
  await close();
});

test('left and right are asked of the image and of its mirror image', async () => {
  await open();
  const rows = page.locator('#sides-rows tr');
  await rows.nth(2).waitFor();
  assert.deepEqual(await rows.locator('th').allTextContents(), [
    'There is Pleural Effusion',
    'There is Pleural Effusion on the left side',
    'There is Pleural Effusion on the right side',
  ]);
  const listed = await textOf(page.locator('[data-finding="Pleural Effusion"] .value'));
  assert.ok((await textOf(rows.first().locator('td').first())).startsWith(`${listed} · `));
  const logits = await rows
    .locator('td')
    .evaluateAll((cells) => cells.map((cell) => Number(cell.textContent?.split('· ')[1].replace('−', '-'))));
  const [own, left, right] = [0, 2, 4].map((at) => logits[at + 1] - logits[at]);
  const tells = left * right < 0 && Math.min(Math.abs(left), Math.abs(right)) > Math.abs(own);
  const said = await textOf(page.getByTestId('sides-result'));
  assert.match(said, tells ? /: the model tells the sides apart here\.$/ : /: the model does not tell/);
  await close();
});

test('without the drawn effusion, and nothing else changed, the score is another', async () => {
  await open();
  const rows = page.getByTestId('elsewhere').locator('.part');
  await rows.nth(4).waitFor();
  const names = await rows.evaluateAll((all) => all.map((row) => row.firstElementChild?.textContent));
  assert.deepEqual(names, [
    'this image',
    'the same without the drawn Pleural Effusion',
    'Normal chest, synthetic',
    'Enlarged heart, synthetic',
    'Left pneumothorax, synthetic',
  ]);
  const logits = (await rows.locator('.small').allTextContents()).map((text) => Number(text.replace('−', '-')));
  assert.ok(
    logits.slice(1).every((logit) => logit < logits[0] - 2),
    `the effusion is what it scores: ${logits}`,
  );
  assert.match(
    await textOf(page.getByTestId('elsewhere-result')),
    /^Without the drawn Pleural Effusion, .+: >99th percentile before, [<>]?\d+\w\w percentile after\.$/,
  );
  const maps = page.getByTestId('kinds').locator('canvas');
  assert.equal(await maps.count(), 4);
  const [here, there] = await Promise.all([0, 1].map((index) => pixelsOf(maps.nth(index))));
  assert.ok(new Set(here).size > 50 && new Set(there).size > 50, 'both are drawn');
  const captions = await page.getByTestId('kinds').locator('figcaption').allTextContents();
  assert.match(captions[0], /^Attention weights, this image: highest \d+%$/);
  assert.match(
    captions[3],
    /^Similarity \(before softmax\), the same without the drawn Pleural Effusion: highest −?[\d.]+$/,
  );
  await close();
});

test('curves say what they take, are drawn when asked, rest, and go on', async () => {
  await open();
  const take = page.getByTestId('curves-take');
  await take.getByText(/^Take 28 passes over the image, about [\d.]+ m?s$/).waitFor();
  const asked = () => page.evaluate(() => globalThis.asked.filter(({ type }) => type === 'curvesStep').length);
  assert.equal(await asked(), 0, 'not by itself');
  await take.click();
  await page
    .getByTestId('curves-passes')
    .getByText(/^Pass [2-9] of 28 over the image$/)
    .waitFor();
  await take.click();
  await take.getByText(/^Go on: \d+ passes more/).waitFor();
  assert.equal(await page.getByTestId('curves-figure').locator('polyline').count(), 0);
  await take.click();
  await page
    .getByTestId('curves-result')
    .getByText(/^Mean logit under deletion/)
    .waitFor({ timeout: 120_000 });
  assert.equal(await asked(), 28, 'no pass twice');
  const label = (await page.getByTestId('curves-figure').locator('svg').getAttribute('aria-label')) ?? '';
  const [, from, to] = matchOf(label, /covered, from (.+) to .+; uncovered, from .+ to (.+)$/);
  const whole = await textOf(page.locator('#parts-list [data-part="whole"] .small').first());
  assert.deepEqual([from, to], [whole, whole], 'both curves meet the image as it is');
  assert.equal(await take.isVisible(), false);
  await close();
});

test('all that was measured is saved as one file, with model, image and what speaks against it', async () => {
  await open();
  await page.getByTestId('steps').waitFor();
  await looked();
  const download = page.waitForEvent('download');
  await page.getByTestId('experiments-json').click();
  const saved = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  assert.equal(await textOf(page.getByTestId('experiments-done')), 'Saved as carzero-experiments.json');
  assert.equal(saved.note, 'For teaching and research, not for diagnosis.');
  const manifest = readFileSync(join(DIST, 'models/default/manifest.json'));
  assert.equal(saved.model.sha256, createHash('sha256').update(manifest).digest('hex'));
  assert.ok(saved.model.name === 'default' && saved.model.version && saved.reference);
  assert.deepEqual([saved.finding, saved.prompt], ['Pleural Effusion', 'There is Pleural Effusion']);
  assert.deepEqual(saved.image.warnings, [{ code: 'drawing' }]);
  const { heads, parts, observations, wording, sides, look, elsewhere, curves, steps } = saved.experiments;
  assert.equal(sides.length, 3);
  assert.equal(observations.observations.length, 4);
  assert.deepEqual([elsewhere[0].without, elsewhere[0].phantom.seed], ['Pleural Effusion', 2]);
  assert.equal(curves.deletion.length, 15);
  assert.equal(heads.all.length, 14);
  for (const { logit } of [parts[0], steps]) assert.ok(Math.abs(logit - saved.score.logit) < 1e-5, `${logit}`);
  assert.equal(steps.wordVectors.length, 256 * steps.words.length);
  assert.ok(wording.wordings.length > 30);
  assert.deepEqual(look.map((/** @type {{cover: string}} */ { cover }) => cover).sort(), ['blur', 'mean', 'mirror']);
  const shares = steps.patches.slice(0, 196).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
  assert.ok(shares > 0 && shares <= 1.0001);
  await close();
});

test('the name of an image’s file is saved when that is asked for', async () => {
  await page.setInputFiles('[data-testid="file-input"]', {
    name: 'Doe^Jane.dcm',
    mimeType: '',
    buffer: dicom({ view: 'PA', secret: 'x' }),
  });
  await page.getByText('Doe^Jane.dcm').first().waitFor();
  await reached(page, 'done');
  await open();
  const saved = async () => {
    const download = page.waitForEvent('download');
    await page.getByTestId('experiments-json').click();
    return readFileSync(await (await download).path(), 'utf8');
  };
  assert.doesNotMatch(await saved(), /Doe/);
  await page.getByTestId('experiments-named').check();
  assert.equal(JSON.parse(await saved()).image.name, 'Doe^Jane.dcm');
  await close();
  await page.locator('[data-phantom="effusion"]').click();
  await reached(page, 'done');
});

test('a link opens one experiment, once, as soon as a picture is scored', async () => {
  await open();
  const section = page.locator('[data-experiment="wording"]');
  await section.getByRole('button', { name: 'Copy link' }).click();
  await section.getByRole('button', { name: /Link copied|Copy it/ }).waitFor();
  const url = await page.getByTestId('experiments-link').inputValue();
  assert.match(url, /&experiment=wording$/);
  await close();
  assert.equal(await page.getByTestId('experiments-link').isVisible(), false);
  const other = await visit(built.browser, {});
  await other.page.goto(`${built.site.origin}/?device=cpu#${new URL(url).hash.slice(1)}`);
  await reached(other.page, 'ready');
  const linked = other.page.getByTestId('experiments-linked');
  await linked.getByText('“Does the wording matter?”').waitFor();
  await other.page.locator('[data-phantom="effusion"]').click();
  const title = other.page.getByRole('heading', { name: 'Does the wording matter?' });
  await title.waitFor();
  assert.ok(await title.evaluate((heading) => heading === document.activeElement), 'it is read first');
  await other.page.getByTestId('steps').waitFor();
  const { y } = await boxOf(title);
  assert.ok(y > 0 && y < 400, `it stays in view while results come in above it: ${y}`);
  await other.page.keyboard.press('Escape');
  await other.page.locator('[data-phantom="normal"]').first().click();
  await reached(other.page, 'done');
  assert.equal(await other.page.getByTestId('experiments').isVisible(), false, 'not a second time');
  assert.equal(await textOf(linked), '');
  await other.page.evaluate(() => (location.hash = '#experiment=alchemy'));
  await other.page.getByText('experiment=alchemy').waitFor();
  assert.deepEqual(other.problems, []);
  await other.context.close();
});

test('what is open is what is printed', async () => {
  await open();
  await page.getByTestId('steps').waitFor();
  await page.getByTestId('experiments').evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight)); // wherever it stands
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const sheet = page.locator('#print');
  assert.match(
    await sheet.innerText(),
    /not for diagnosis[\s\S]*Experiments[\s\S]*Pleural Effusion, sent as[\s\S]*This is a drawing[\s\S]*Cross-attention or cosine\?[\s\S]*How does the sentence become a score\?[\s\S]*the logit is/,
  );
  assert.ok(new Set(await pixelsOf(sheet.locator('#heads-cross'))).size > 50, 'maps are drawn');
  const shown = await Promise.all(
    ['#print #experiments-json', '.stage', '#experiments'].map((each) => page.locator(each).first().isVisible()),
  );
  assert.deepEqual(shown, [false, false, false]);
  const { y } = await boxOf(sheet);
  assert.equal(y, 0, 'it begins where the paper does');
  for (const part of ['.printed > form', '.head-mark.cosine'])
    assert.equal(
      await sheet
        .locator(part)
        .first()
        .evaluate((element) => getComputedStyle(element).backgroundColor),
      'rgb(255, 255, 255)',
      `paper is light, whatever the screen is: ${part}`,
    );
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await page.emulateMedia({ media: null, colorScheme: null });
  await close();
});

test('a word that was never learnt has logits alone, and another finding begins anew', async () => {
  await addOwnWords(page, 'asdfgh');
  await page.locator('[data-finding="asdfgh"] .pick').click();
  await reached(page, 'done');
  await open();
  await page.getByTestId('parts').locator('.part').first().waitFor();
  assert.doesNotMatch(await page.getByTestId('parts').innerText(), /\d(st|nd|rd|th)/);
  await looked();
  assert.match(await page.getByTestId('look-standings').innerText(), /logit/);
  await close();
});

test('it fits a phone, and is there in Japanese', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('[data-finding="Pleural Effusion"] .pick').click();
  await open();
  await looked();
  const wide = await page.getByTestId('experiments').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
  assert.equal(wide, 0, 'nothing is scrolled sideways');
  for (const row of await page.locator('.head-row').all()) {
    const [name, track] = await Promise.all([0, 1].map((index) => boxOf(row.locator('> span').nth(index))));
    assert.ok(name.x + name.width <= track.x, 'names lie beside their lines');
  }
  await page.screenshot({ path: join(OUTPUT, 'experiments-360.png') });
  await page.getByTestId('experiments').evaluate((dialog) => dialog.scrollTo(0, dialog.scrollHeight));
  await page.getByTestId('experiments').getByRole('button', { name: 'Close' }).click(); // in view, and nothing covers it
  await page.getByTestId('experiments').waitFor({ state: 'hidden' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByTestId('language').click();
  await open();
  await looked();
  assert.match(await textOf(page.getByTestId('look-conclusion')), /スコアはその場所に基づいています/);
  assert.match(await page.getByTestId('parts').innerText(), /モデル全体/);
  assert.deepEqual(problems, []);
});

test('a model without a CLIP-style head is compared with its global features', async () => {
  const other = await visit(built.browser, {});
  await other.page.goto(`${built.site.origin}/?device=cpu&model=models/micro`);
  await reached(other.page, 'ready');
  await other.page.locator('[data-phantom="effusion"]').click();
  await reached(other.page, 'done');
  await other.page.getByTestId('experiments-open').click();
  const rows = other.page.getByTestId('heads').locator('.head-row');
  await rows.first().waitFor();
  assert.match(await textOf(other.page.locator('#heads-question')), /no CLIP-style head .+ global features/);
  for (const row of await rows.all()) {
    const cosine = Number((await textOf(row.locator('.small'))).replace('−', '-').replace('cosine ', ''));
    assert.ok(Math.abs(cosine) <= 1, `${cosine}`);
  }
  assert.equal(await textOf(other.page.getByTestId('heads-most')), 'No listed finding has standings by both.');
  assert.equal(await other.page.getByTestId('heads-maps').isVisible(), false);
  await other.page.getByTestId('steps').waitFor();
  assert.equal(await other.page.locator('#steps-hidden .vector').count(), 2 * 3, 'three hidden layers');
  assert.deepEqual(other.problems, []);
  await other.context.close();
});
