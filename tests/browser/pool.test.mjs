/** Threads on the CPU: a pool's shares add up to the same scores, also when a member fails. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Worker as Thread } from 'node:worker_threads';
import { Benefit } from '../../www/worker/benefit.js';
import { waitWhile } from '../../www/worker/waiting.js';
import { serve } from './server.mjs';
import { DIST, WWW, hostHeaders, launch } from './setup.mjs';
/** @import { Browser } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

/** @type {Site} */ let site;
/** @type {Browser} */ let browser;
before(async () => {
  site = await serve({ '/': DIST, '/worker/': join(WWW, 'worker'), '/core/': join(WWW, 'core') }); // not bundled
  Object.assign(site.headers, hostHeaders());
  browser = await launch();
});
after(async () => {
  await browser.close();
  await site.close();
});
beforeEach(() => {
  site.edits.clear();
  always();
});

/** Members count as helpful, however busy this machine is. */
const always = () =>
  site.edits.set('/worker/benefit.js', (body) => String(body).replace('WORTHWHILE = 0.9', 'WORTHWHILE = Infinity'));

/** Scores a picture alone and with a pool, in a worker: members wait, which a page's own thread may not. @returns {Promise<{alone: number[], together: number[][], shares: number, undone: number, left: number}>} */
async function scoreInWorker() {
  const source = `
    import { startProgram } from '/worker/program.js';
    import { Pool } from '/worker/pool.js';
    const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
    onmessage = async () => {
      const program = await startProgram('cpu');
      const { wasm } = program;
      const loader = await wasm.Loader.create(await bytes('/models/default/manifest.json'));
      for (const { path } of loader.files()) loader.add(path, await bytes('/models/default/' + path));
      const model = await loader.finish(false);
      const picture = wasm.Picture.phantom(wasm.phantoms()[1].params, 256);
      const findings = model.info().presets.find(({ id }) => id === 'chestxray14').findings;
      const score = async () => {
        model.forgetTexts();
        return (await model.score(await model.encodeImage(picture), findings)).map(({ logit }) => logit);
      };
      const alone = await score();
      const pool = new Pool(program, 2);
      while (pool.ready() < 2) await new Promise((resolve) => { setTimeout(resolve); });
      const counts = { shares: 0, undone: 0 };
      const { start } = Pool.prototype;
      pool.start = (...all) => { counts.shares++; start.apply(pool, all); };
      for (const wait of ['receive', 'finish'])
        pool[wait] = (...all) => { const done = Pool.prototype[wait].apply(pool, all); counts.undone += done ? 0 : 1; return done; };
      wasm.joinPool(pool);
      postMessage({ alone, together: [await score(), await score()], ...counts, left: pool.ready() });
    };`.replaceAll("'/", `'${location.origin}/`);
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(null);
  });
}

async function scoreInPage() {
  const page = await browser.newPage();
  await page.goto(`${site.origin}/worker/pool.js`); // any file, for its origin
  const result = await page.evaluate(scoreInWorker);
  await page.close();
  for (const scores of result.together) {
    scores.forEach((score, index) =>
      assert.ok(Math.abs(score - result.alone[index]) < 1e-4, `${score} instead of ${result.alone[index]}`),
    );
  }
  return result;
}

test('who is woken for nothing goes on waiting', async () => {
  const control = new Int32Array(new SharedArrayBuffer(4));
  const other = new Thread(
    `
    const { workerData: control } = require('node:worker_threads');
    for (let i = 0; i < 3; i++) while (!Atomics.notify(control, 0)); // until somebody was asleep
    Atomics.store(control, 0, 1);
    Atomics.notify(control, 0);`,
    { eval: true, workerData: control },
  );
  waitWhile(control, 0);
  assert.equal(control[0], 1);
  await other.terminate();
});

test('a pool shares the work and yields the same scores', async () => {
  const { shares, undone, left } = await scoreInPage();
  assert.ok(shares > 100, `${shares} shares`);
  assert.ok(undone < shares, `${undone} of ${shares} taken back`);
  assert.equal(left, 2);
});

test('a share that a member has not begun is taken back, and the member stays', async () => {
  const late = 'for (const end = performance.now() + 50; performance.now() < end;);';
  site.edits.set('/worker/member.js', (body) => String(body).replace('if (change(', `${late}\n      if (change(`));
  const { undone, left } = await scoreInPage();
  assert.ok(undone > 10, `${undone} taken back`);
  assert.equal(left, 2);
});

test('members that do not help are left alone for a while, longer each time', () => {
  const benefit = new Benefit();
  let now = 0;
  /** What 30 ms of shared work show. @param {number} waited Milliseconds of three in which the lead waited */
  const share = (waited) => {
    for (let i = 0; i < 10; i++) benefit.note(1, 3, waited, (now += 3));
  };
  /** How long the lead works alone from now on. */
  const pause = () => {
    const start = now;
    while (benefit.isPaused(now)) now += 50;
    return now - start;
  };
  share(1); // alone it would take 4 ms
  assert.equal(pause(), 0);
  share(1.6); // alone it would take 2.8 ms
  const first = pause();
  assert.ok(first >= 200 && first <= 300, `${first} ms`);
  share(2);
  assert.ok(pause() > 1.5 * first);
  share(0.5);
  share(2);
  assert.ok(pause() < 1.5 * first, 'as at first, since they helped');
});

test('on a busy machine the lead goes on alone', async () => {
  const slow = 'for (const end = performance.now() + 20; performance.now() < end;);';
  site.edits.set('/worker/member.js', (body) => String(body).replace('exchange.set(', `${slow}\n      exchange.set(`));
  const { shares: all } = await scoreInPage();
  site.edits.delete('/worker/benefit.js');
  const { shares, left } = await scoreInPage();
  // Of two scorings, the first sends the weights and is not judged.
  assert.ok(shares < 0.6 * all, `${shares} of ${all} shares`);
  assert.equal(left, 2);
});

test('a member that is too slow is given up, and nothing of it is taken for an answer', async () => {
  site.edits.set('/worker/pool.js', (body) => String(body).replace('PATIENCE_MS = 10_000', 'PATIENCE_MS = 1'));
  const slow = 'for (const end = performance.now() + 20; performance.now() < end;);';
  site.edits.set('/worker/member.js', (body) => String(body).replace('exchange.set(', `${slow}\n      exchange.set(`));
  const { undone, left } = await scoreInPage();
  assert.ok(undone > 0, 'none was given up');
  assert.equal(left, 0);
});

test('the share of a member that fails is done by the first, and those after it leave too', async () => {
  site.edits.set('/worker/pool.js', (body) =>
    String(body).replace('+ 1] });', '+ 1], fails: !globalThis.others });\n      globalThis.others = true;'),
  );
  site.edits.set(
    '/worker/member.js',
    (body) =>
      `let jobs = 0;\n${String(body)
        .replace('below = above } }', 'below = above, fails } }')
        .replace('exchange.set(', "if (fails && ++jobs === 30) throw new Error('lost');\n      exchange.set(")}`,
  );
  const { undone, left } = await scoreInPage();
  assert.ok(undone > 0, 'none was lost');
  assert.equal(left, 0);
});
