#!/usr/bin/env bash
# LiteRT.js, loaded in a worker, looks for its program beside the worker's own script, and its threads run that script again.
#
# @litertjs/core 2.5.3, Chromium. `loadLiteRt('/litert/', {threads: true})` is given the folder of its files. On a page that works: the
# program and the scripts of the threads are found beside the script element that LiteRT.js adds. A worker has no such element, so that
# `litert_wasm_threaded_internal.js` (Emscripten) takes the worker's address for its own. The program is then asked for beside the
# worker, not in the folder. Where a copy lies there, each thread starts the worker's script once more, as a worker called em-pthread,
# which never answers: the promise is not settled. A bundler's worker is rarely in that folder, so this is what most applications meet
# that keep inference off the page's thread, as they should.
#
# The way around it is not documented: before the call, `self.Module = {locateFile, mainScriptUrlOrBlob}`.
#
# Seen:
#   page: program from /litert/, loaded
#   worker: program from /, failed
#   worker, a copy beside it: program from /, not settled after 20 s, the worker's script was run as em-pthread
#   worker, self.Module: program from /litert/, loaded
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @litertjs/core@2.5.3 esbuild@0.28.2 >/dev/null
cat > worker.mjs <<'JS'
import { loadLiteRt } from '@litertjs/core';
const told = (what) => fetch(`/told?${what}`);
const load = () => loadLiteRt('/litert/', { threads: true }).then(() => told('loaded'), () => told('failed'));
if (self.name === 'em-pthread') told('em-pthread');
else if (self.document) load();
else {
  if (self.name === 'told')
    self.Module = { locateFile: (file) => `/litert/${file}`, mainScriptUrlOrBlob: '/litert/litert_wasm_threaded_internal.js' };
  load();
}
JS
npx esbuild worker.mjs --bundle --outfile=worker.js --log-level=error
cat > try.mjs <<'JS'
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, extname } from 'node:path';

const chromium = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '': 'text/html' };
const PAGES = {
  page: '<body><script src="/worker.js"></script>',
  worker: '<script>new Worker("/worker.js")</script>',
  told: '<script>new Worker("/worker.js", { name: "told" })</script>',
};

/** Where the program came from, and what became of it. */
async function attempt(html, copied) {
  const profile = mkdtempSync('profile-');
  const asked = [];
  let told;
  const settled = new Promise((resolve) => (told = resolve));
  const server = createServer(({ url }, response) => {
    asked.push(url);
    if (url === '/told?loaded' || url === '/told?failed') told(url.slice(6));
    const isThere = url.startsWith('/litert/') || url === '/worker.js' || (copied && url.endsWith('.wasm'));
    if (url !== '/' && !isThere) return response.writeHead(url.startsWith('/told') ? 204 : 404).end();
    const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
    response.writeHead(200, { ...isolated, 'content-type': TYPES[extname(url)] });
    if (url === '/') response.end(html);
    else createReadStream(url === '/worker.js' ? 'worker.js' : `node_modules/@litertjs/core/wasm/${basename(url)}`).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const flags = ['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update'];
  const browser = spawn(chromium, [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`]);
  const late = new Promise((resolve) => setTimeout(resolve, 20_000, 'not settled after 20 s'));
  const end = await Promise.race([settled, late]);
  browser.kill();
  await new Promise((resolve) => browser.once('exit', resolve));
  server.close().closeAllConnections();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  const program = asked.find((url) => url.endsWith('.wasm'))?.replace(/[^/]*$/, '');
  const again = end.startsWith('not') && asked.includes('/told?em-pthread') ? ", the worker's script was run as em-pthread" : '';
  return `program from ${program}, ${end}${again}`;
}

for (const [title, html, copied, expected] of [
  ['page', PAGES.page, false, 'program from /litert/, loaded'],
  ['worker', PAGES.worker, false, 'program from /, failed'],
  ['worker, a copy beside it', PAGES.worker, true, "program from /, not settled after 20 s, the worker's script was run as em-pthread"],
  ['worker, self.Module', PAGES.told, false, 'program from /litert/, loaded'],
]) {
  const seen = await attempt(html, copied);
  console.log(`${title}: ${seen}`);
  if (seen !== expected) throw new Error('This has changed.');
}
process.exit();
JS
node try.mjs
