/**
 * The real page, as a person waits for it: from its opening to the first score on a first visit, after a reload, and in a new browser
 * process; and a series of images, from their choice to the last score. Builds take turns, round by round.
 *
 *     node visits.mjs [--rounds 5] [--before DIST]
 *
 * CARZERO_DIST is the build, DIST another one to compare it with.
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '../browser/server.mjs';
import { DIST, carzero, hostHeaders, launchProfile, scratch } from '../browser/setup.mjs';
/** @import { Site } from '../browser/server.mjs' */

const LONG = { timeout: 120_000 };
/** A series: so many images of so many pixels, each of them so many times. */
const DRAWN = 20;
const TIMES = 5;
const SIDE = 1448; // two megapixels

/** @typedef {Awaited<ReturnType<typeof launchProfile>>} BrowserContext */
/** @typedef {Awaited<ReturnType<BrowserContext['newPage']>>} Page */
/** What is timed, in milliseconds. `bytes`: sent by a server without compression until the page works offline. @typedef {{first: number, bytes: number, reload: number, again: number, series: number}} Visit */

export const median = (/** @type {number[]} */ values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};

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

/** @param {Page} page @returns {Promise<number>} */
async function firstScore(page) {
  await page.locator('html[data-state="done"]').waitFor({ state: 'attached', ...LONG });
  return page.evaluate(() => globalThis.firstScore ?? NaN);
}

/** Until the page has all that it keeps for a visit without a connection. @param {Page} page */
const offline = (page) =>
  page
    .getByTestId('offline')
    .getByText('works without a connection')
    .waitFor({ state: 'attached', ...LONG });

/** @param {BrowserContext} context @param {Site} site */
async function open(context, site) {
  const page = await context.newPage();
  await page.addInitScript(hurry);
  await page.goto(`${site.origin}/`);
  return page;
}

/** @param {Page} page @param {string[]} files @returns {Promise<number>} From their choice to the last score */
async function series(page, files) {
  const ends = page.evaluate(
    (all) =>
      new Promise((resolve) => {
        const count = () => document.querySelector('[data-testid="series-count"]')?.textContent?.includes(all);
        new MutationObserver(() => count() && resolve(performance.now())).observe(document, {
          subtree: true,
          childList: true,
          characterData: true,
        });
      }),
    `Scored ${files.length} of ${files.length}`,
  );
  const start = await page.evaluate(() => performance.now());
  await page.setInputFiles('[data-testid="file-input"]', files);
  return Number(await ends) - start;
}

/** @param {Site} site @param {string} dist @param {string[]} files @returns {Promise<Visit>} */
async function visit(site, dist, files) {
  const profile = scratch();
  site.requests.length = 0;
  try {
    const context = await launchProfile(profile.path);
    const page = await open(context, site);
    const first = await firstScore(page);
    await offline(page);
    const sizeOf = (/** @type {string} */ path) =>
      statSync(join(dist, path === '/' ? 'index.html' : path), { throwIfNoEntry: false })?.size ?? 0;
    const bytes = site.requests.reduce((sum, path) => sum + sizeOf(path), 0);
    await page.reload();
    const reload = await firstScore(page);
    const scored = await series(page, files);
    await context.close();
    const other = await launchProfile(profile.path);
    const again = await firstScore(await open(other, site));
    await other.close();
    return { first, bytes, reload, again, series: scored };
  } finally {
    profile.remove();
  }
}

/** @param {number} rounds @param {Record<string, string>} [builds] Their folders @returns {Promise<Record<string, Visit[]>>} */
export async function visits(rounds, builds = { now: DIST }) {
  const folder = scratch();
  const drawn = join(folder.path, 'drawn');
  mkdirSync(drawn);
  carzero('phantom', '--random', String(DRAWN), '--seed', '1', '--size', String(SIDE), '--out', drawn);
  const nameOf = (/** @type {number} */ i) => `phantom-${String(i % DRAWN).padStart(6, '0')}.png`;
  const files = Array.from({ length: DRAWN * TIMES }, (_, i) => join(drawn, nameOf(i)));
  /** @type {Record<string, Visit[]>} */ const all = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, dist] of Object.entries(builds)) {
      const site = await serve({ '/': dist });
      Object.assign(site.headers, hostHeaders());
      (all[name] ??= []).push(await visit(site, dist, files));
      await site.close();
    }
  }
  folder.remove();
  return all;
}

if (import.meta.filename === process.argv[1]) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, before: { type: 'string' } } });
  const builds = { now: DIST, ...(values.before && { before: values.before }) };
  const all = await visits(Number(values.rounds), builds);
  for (const what of /** @type {(keyof Visit)[]} */ (['first', 'reload', 'again', 'series'])) {
    const medians = Object.entries(all).map(
      ([name, of]) => `${name} ${median(of.map((one) => one[what])).toFixed(0)} ms`,
    );
    const ratios = all.before?.map((before, round) => all.now[round][what] / before[what]);
    console.log(`${what}: ${medians.join(', ')}${ratios ? `, ${median(ratios).toFixed(2)} of before` : ''}`);
  }
}
