/** What may import what: no two scripts of the page import each other, directly or round about. */
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
  const add = (/** @type {{source?: any}} */ node) => {
    if (node.source?.type === 'Literal') found.push(posix.join(posix.dirname(path), node.source.value));
  };
  simple(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }), {
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
  });
  return found;
}

/** A way from a script back to itself, or null. @param {Map<string, string[]>} graph */
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

test('no two scripts import each other', () => assert.equal(circleIn(graph), null));
