/** What the page begins with. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from './server.mjs';
import { DIST, launch } from './setup.mjs';
import { reached } from './visit.mjs';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));

/** A module, and all that it imports. @param {string} path @param {Set<string>} [found] */
function graph(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, to] of readFileSync(join(WWW, path), 'utf8').matchAll(/^(?:import|\}) .*'(\..*)';$/gm))
    graph(posix.join(posix.dirname(path), to), found);
  return found;
}

/** The scripts and modules that a page names, in order. @param {string} folder */
const named = (folder) =>
  [
    ...readFileSync(join(folder, 'index.html'), 'utf8').matchAll(
      /<(?:link rel="modulepreload"|script type="module").* (?:href|src)="(.*?)">/g,
    ),
  ].map(([, path]) => path);

test('the page names its modules, those of the first script first', () => {
  const first = named(WWW).filter((path) => path !== 'app.js');
  assert.deepEqual([...first].sort(), [...graph('boot/first.js')].sort());
  const all = named(DIST);
  assert.deepEqual(all.slice(0, first.length), first);
  assert.deepEqual([...all].sort(), [...graph('app.js')].sort());
});

test('a script that does not arrive whole: the page is loaded again, once by itself, then by a button', async () => {
  const browser = await launch();
  const site = await serve({ '/': DIST });
  try {
    const page = await (await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block' })).newPage();
    const loads = () => site.requests.filter((path) => path === '/').length;
    const half = (/** @type {Buffer} */ body) => body.subarray(0, body.length / 2);
    let whole = 1; // from this load on
    site.edits.set('/core/words.js', (body) => (loads() > whole ? body : half(body)));
    await page.goto(site.origin);
    await reached(page, 'ready');
    assert.equal(loads(), 2);

    whole = 4;
    await page.goto('about:blank');
    await page.goto(site.origin);
    const again = page.getByRole('button', { name: 'Load it again' });
    await again.waitFor();
    assert.equal(loads(), 4);
    await again.click();
    await reached(page, 'ready');
    assert.equal(await again.count(), 0);
  } finally {
    await browser.close();
    await site.close();
  }
});
