/** What the page begins with. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, launch } from './setup.mjs';
import { reached } from './visit.mjs';

test('few requests bring the page, and its first script names what it needs', async () => {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  const first = readFileSync(join(DIST, 'boot/first.js'), 'utf8');
  const imported = [...first.matchAll(/from "\.\.\/(.*?)"/g)].map(([, path]) => path);
  assert.ok(imported.length);
  for (const path of imported) assert.ok(html.includes(`<link rel="modulepreload" href="${path}">`), path);

  const browser = await launch();
  const site = await serve({ '/': DIST });
  try {
    const page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage();
    await page.goto(site.origin);
    await reached(page, 'ready');
    const own = site.requests.filter((path) => !path.startsWith('/models/'));
    assert.ok(own.length <= 25, own.join(' '));
  } finally {
    await browser.close();
    await site.close();
  }
});

test('a script that does not arrive whole: the page is loaded again, once by itself, then by a button', async () => {
  const browser = await launch();
  const site = await serve({ '/': DIST });
  try {
    const page = await (await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block' })).newPage();
    const loads = () => site.requests.filter((path) => path === '/').length;
    const half = (/** @type {Buffer} */ body) => body.subarray(0, body.length / 2);
    let whole = 1; // up to this load the script is cut in half
    site.edits.set('/app.js', (body) => (loads() > whole ? body : half(body)));
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
