/** What the page begins with. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));
const source = (/** @type {string} */ path) => readFileSync(join(WWW, path), 'utf8');

/** A module, and all that it imports. @param {string} path @param {Set<string>} [found] */
function graph(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, to] of source(path).matchAll(/^import .*'(\..*)';$/gm)) graph(posix.join(posix.dirname(path), to), found);
  return found;
}

test('what the first script imports is fetched along with it, and nothing else is', () => {
  const preloaded = [...source('index.html').matchAll(/<link rel="modulepreload" href="(.*)">/g)].map(([, path]) => path);
  assert.deepEqual(['js/first.js', ...preloaded].sort(), [...graph('js/first.js')].sort());
});
