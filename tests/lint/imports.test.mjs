/** The floors of ARCHITECTURE.md for the page's scripts: what may import what. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';

const WWW = fileURLToPath(new URL('../../www', import.meta.url));

/** The page's own scripts that a script imports, as paths from `www`. @param {string} path @param {string} source @returns {string[]} */
function importsOf(path, source) {
  /** @type {string[]} */ const found = [];
  const add = (/** @type {{source?: import('acorn').Expression | null}} */ node) => {
    if (node.source?.type === 'Literal') found.push(posix.join(posix.dirname(path), String(node.source.value)));
  };
  simple(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }), {
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
  });
  return found;
}

/** A cycle of imports, or null. @param {Map<string, string[]>} graph */
function circleIn(graph) {
  /** @type {Set<string>} */ const done = new Set();
  /** @param {string} path @param {string[]} way @returns {string[] | null} */
  const visit = (path, way) => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of graph.get(path) ?? []) {
      const circle = visit(next, [...way, path]);
      if (circle) return circle;
    }
    done.add(path);
    return null;
  };
  return [...graph.keys()].map((path) => visit(path, [])).find(Boolean) ?? null;
}

const graph = new Map(
  readdirSync(WWW, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js'))
    .map((path) => [path, importsOf(path, readFileSync(join(WWW, path), 'utf8'))]),
);

test('a circle is found, and imports of every form', () => {
  assert.deepEqual(importsOf('a/b.js', `import x from '../c.js'; export * from './d.js'; import('./e.js');`), [
    'c.js',
    'a/d.js',
    'a/e.js',
  ]);
  const round = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ]);
  assert.deepEqual(circleIn(round), ['b', 'c', 'b']);
});

/** Which folders the scripts of a folder may import from, besides their own. A feature never imports another one; app.js and session.js put all together. */
/** @type {Record<string, string[]>} */
const MAY_IMPORT = {
  i18n: [],
  core: ['i18n'],
  worker: ['core'],
  boot: ['core', 'worker'],
  library: ['core', 'worker'],
  features: ['core', 'worker'],
};

test('no folder imports what it may not, and no feature another one', () => {
  const roomOf = (/** @type {string} */ path) =>
    path
      .split('/')
      .slice(0, path.startsWith('features/') ? 2 : 1)
      .join('/');
  const broken = [...graph].flatMap(([path, imports]) => {
    const may = Object.hasOwn(MAY_IMPORT, path.split('/')[0]) ? MAY_IMPORT[path.split('/')[0]] : null;
    return imports
      .filter((other) => may && roomOf(other) !== roomOf(path) && !may.includes(roomOf(other)))
      .map((other) => `${path} imports ${other}`);
  });
  assert.deepEqual(broken, []);
  for (const room of Object.keys(MAY_IMPORT)) assert.ok([...graph.keys()].some((path) => path.startsWith(`${room}/`)));
});

test('the breakpoint of the style sheets is the one that scripts have', async () => {
  const { PHONE } = await import('../../www/core/layout.js');
  const { rules } = JSON.parse(readFileSync(new URL('.stylelintrc.json', import.meta.url), 'utf8'));
  assert.equal(PHONE, `(width <= ${rules['media-feature-name-value-allowed-list'].width[0]})`);
});

test('no two scripts import each other', () => assert.equal(circleIn(graph), null));
