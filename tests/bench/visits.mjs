/** The real page, from its opening to its first score: on a first visit, and on a second one in a new browser process. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../browser/server.mjs';
import { DIST, launchProfile, scratch } from '../browser/setup.mjs';

/** In the page: opens a synthetic radiograph as soon as there is one, and notes when a finding has a score. */
function hurry() {
  let opened = false;
  new MutationObserver(() => {
    /** @type {HTMLElement | null} */ const phantom = document.querySelector('[data-phantom]');
    if (phantom && !opened) {
      opened = true;
      phantom.click();
    }
    if (document.querySelector('[data-testid="score-row"]:not([data-kind="unscored"])'))
      globalThis.firstScore ??= performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

/** @param {string} profile @param {import('../browser/server.mjs').Site} site @returns {Promise<{ms: number, bytes: number}>} `ms`: to the first score; `bytes`: sent by a server without compression until the page works offline. */
async function visit(profile, site) {
  site.requests.length = 0;
  const context = await launchProfile(profile);
  try {
    const page = await context.newPage();
    await page.addInitScript(hurry);
    await page.goto(`${site.origin}/`);
    await page.locator('html[data-state="done"]').waitFor({ state: 'attached', timeout: 120_000 });
    await page
      .getByTestId('offline')
      .getByText('works without a connection')
      .waitFor({ state: 'attached', timeout: 120_000 });
    const bytes = site.requests.reduce(
      (sum, path) =>
        sum + (statSync(join(DIST, path === '/' ? 'index.html' : path), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    return { ms: await page.evaluate(() => globalThis.firstScore ?? NaN), bytes };
  } finally {
    await context.close();
  }
}

/** @param {number} rounds */
export async function visits(rounds) {
  const site = await serve({ '/': DIST });
  const cold = [];
  const warm = [];
  for (let round = 0; round < rounds; round++) {
    const profile = scratch();
    cold.push(await visit(profile.path, site));
    warm.push(await visit(profile.path, site));
    profile.remove();
  }
  await site.close();
  return { cold, warm };
}
