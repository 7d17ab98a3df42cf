/**
 * Makes the npm packages of a built page: `node www/pack.js DIST OUT` writes OUT/carzero, which holds the page's own modules, as far as
 * library/ needs them, and its programs, and OUT/carzero-model-default, the model that is used where no other is named.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const [, , dist, out] = argv;
const www = fileURLToPath(new URL('.', import.meta.url));
const root = join(www, '..');
const read = (/** @type {string} */ path) => readFileSync(path, 'utf8');

const SCRIPTS = ['library/index.js', 'library/viewer.js', 'worker/worker.js', 'worker/member.js'];
const PROGRAMS = ['cpu', 'cpu-relaxed', 'webgpu'].flatMap((name) => [`carzero-${name}.js`, `carzero-${name}_bg.wasm`]);
const DECLARATIONS = ['library/index.d.ts', 'library/viewer.d.ts'];

/** A script without its block comments. @param {string} path */
const codeOf = (path) => read(path).replace(/\/\*[^]*?\*\//g, '');

/** These files, and all that they import, directly or through others. @param {string} folder @param {string[]} paths */
function closure(folder, paths) {
  const all = new Set(paths);
  for (const path of all) {
    const source = codeOf(join(folder, path));
    for (const [, named] of source.matchAll(/(?:from|import|import\()\s*["'](\.{1,2}\/[^"']+)["']/g))
      all.add(posix.join(posix.dirname(path), path.endsWith('.d.ts') ? named.replace(/\.js$/, '.d.ts') : named));
  }
  return [...all];
}

/** @param {string} folder @param {object} contents */
const describe = (folder, contents) =>
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(contents, null, 2)}\n`);

/** @param {string} path @param {string | Buffer} contents */
function write(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

/** TypeScript's declarations of the library, made from its comments. @param {string} folder */
function declare(folder) {
  const made = mkdtempSync(join(tmpdir(), 'carzero-types-'));
  const tsc = join(root, 'tests/lint/node_modules/.bin/tsc');
  execFileSync(tsc, ['--project', join(root, 'tests/lint/tsconfig.package.json'), '--outDir', made], {
    stdio: 'inherit',
  });
  for (const path of closure(made, DECLARATIONS)) {
    const types = posix.relative(posix.dirname(path), 'library/types.js');
    write(join(folder, path), read(join(made, path)).replaceAll(/import\(['"]carzero['"]\)/g, `import('./${types}')`));
  }
  cpSync(join(root, 'src/web/types.d.ts'), join(folder, 'library/types.d.ts'));
  write(
    join(folder, 'library/index.d.ts'),
    `${read(join(folder, 'library/index.d.ts'))}export type * from './types.js';\n`,
  );
  rmSync(made, { recursive: true });
}

const cargo = read(join(root, 'Cargo.toml'));
const version = cargo.match(/^version = "(.*)"$/m)?.[1];
const common = { version, license: 'Apache-2.0', type: 'module' };

rmSync(out, { recursive: true, force: true });
const library = join(out, 'carzero');
for (const path of [...closure(www, SCRIPTS), 'library/viewer.css'])
  write(join(library, path), readFileSync(join(www, path)));
for (const path of PROGRAMS) write(join(library, path), readFileSync(join(dist, path)));
declare(library);
cpSync(join(root, 'LICENSE'), join(library, 'LICENSE'));
cpSync(join(root, 'docs/package.md'), join(library, 'README.md'));
describe(library, {
  name: 'carzero',
  description: 'Zero-shot classification of chest radiographs in the browser, for research and teaching',
  ...common,
  exports: {
    '.': { types: './library/index.d.ts', default: './library/index.js' },
    './viewer': { types: './library/viewer.d.ts', default: './library/viewer.js' },
    './package.json': './package.json',
  },
  sideEffects: ['./library/viewer.js', './worker/*.js'],
  peerDependencies: { 'carzero-model-default': version },
  peerDependenciesMeta: { 'carzero-model-default': { optional: true } },
});

const model = join(out, 'carzero-model-default');
cpSync(join(root, 'models/default'), model, { recursive: true });
cpSync(join(root, 'LICENSE'), join(model, 'LICENSE'));
cpSync(join(model, 'MODEL_CARD.md'), join(model, 'README.md'));
describe(model, {
  name: 'carzero-model-default',
  description: 'The default model of carzero; MODEL_CARD.md says what it learnt from, and its limits',
  ...common,
  exports: { './*': './*' },
});
