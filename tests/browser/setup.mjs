/** What the browser tests share: the built page, the program, the micro model, and Chromium. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The built page. */
export const DIST = process.env.CARZERO_DIST ?? join(root, 'dist');
/** The page's sources, a module a file. */
export const WWW = join(root, 'www');
/** The command-line program. */
export const CARZERO = process.env.CARZERO_BIN ?? join(root, 'target/debug/carzero');
/** Inputs and golden outputs of the micro checkpoint. */
export const MICRO = join(root, 'tests/fixtures/carzero-micro');
/** Where screenshots go. */
export const OUTPUT = join(root, 'tests/browser/output');
mkdirSync(OUTPUT, { recursive: true });

const executablePath =
  process.env.CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));

/** How Chromium starts; `webgpu` adds a software adapter. @param {{webgpu?: boolean}} [options] */
function chromiumOptions({ webgpu = false } = {}) {
  const quiet = [
    '--no-sandbox',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--disable-features=AutofillServerCommunication,PreconnectToSearch,AimEnabled',
  ];
  const gpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];
  return { executablePath, args: webgpu ? [...quiet, ...gpu] : quiet };
}

/** Starts Chromium. @param {{webgpu?: boolean}} [options] */
export const launch = (options) => chromium.launch(chromiumOptions(options));

/** Starts Chromium with what an earlier visit left. @param {string} profile A folder */
export const launchProfile = (profile) => chromium.launchPersistentContext(profile, chromiumOptions());

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core')), 'utf8');

/** What axe-core finds on a page that was opened with `bypassCSP`: a rule and the first element of each. @param {import('playwright-core').Page} page */
export async function violations(page) {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const plain = new CSSStyleSheet(); // axe checks no contrast above an image: without images it does everywhere
    plain.replaceSync('* { background-image: none !important }');
    document.adoptedStyleSheets.push(plain);
    const found = (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
    document.adoptedStyleSheets.pop();
    return found;
  });
}

/** A temporary folder, and how to remove it. */
export function scratch() {
  const path = mkdtempSync(join(tmpdir(), 'carzero-'));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** @param {string[]} args */
export const carzero = (...args) =>
  execFileSync(CARZERO, args, { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

/** Converts the micro checkpoint. @param {string} out @param {'f32' | 'q8'} precision */
export function convertMicro(out, precision) {
  carzero(
    'convert',
    join(MICRO, 'carzero.ckpt'),
    '--tokenizer',
    join(MICRO, 'tokenizer.json'),
    '--out',
    out,
    '--precision',
    precision,
    '--vision-heads',
    '4',
    '--text-heads',
    '4',
  );
}

/** What a pattern finds in a text, which has to match. @param {string} text @param {RegExp} pattern */
export function matchOf(text, pattern) {
  const found = text.match(pattern);
  assert.ok(found, `${pattern} in “${text}”`);
  return found;
}

/** The headers that the README asks a host for. */
export function hostHeaders() {
  const [, nginx] = matchOf(readFileSync(join(root, 'README.md'), 'utf8'), /\*\*nginx\*\*([^]*)\*\*Caddy\*\*/);
  const headers = Object.fromEntries(
    [...nginx.matchAll(/add_header ([\w-]+) "?([^"]+?)"?;\n/g)].map(([, name, value]) => [name.toLowerCase(), value]),
  );
  assert.equal(Object.keys(headers).length, 5);
  return headers;
}
