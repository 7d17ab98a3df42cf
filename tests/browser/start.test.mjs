/** What the page begins with. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DIST } from './setup.mjs';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));

/** A module, and all that it imports. @param {string} path @param {Set<string>} [found] */
function graph(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, to] of readFileSync(join(WWW, path), 'utf8').matchAll(/^import .*'(\..*)';$/gm)) graph(posix.join(posix.dirname(path), to), found);
  return found;
}

/** The scripts and modules that a page names, in order. @param {string} folder */
const named = (folder) => [...readFileSync(join(folder, 'index.html'), 'utf8').matchAll(/<(?:link rel="modulepreload"|script type="module").* (?:href|src)="(.*?)">/g)].map(([, path]) => path);

test('the page names its modules, those of the first script first', () => {
  const first = named(WWW).filter((path) => path !== 'js/app.js');
  assert.deepEqual([...first].sort(), [...graph('js/first.js')].sort());
  const all = named(DIST);
  assert.deepEqual(all.slice(0, first.length), first);
  assert.deepEqual([...all].sort(), [...graph('js/app.js')].sort());
});
