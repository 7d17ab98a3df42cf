/**
 * The service worker: the page works offline, and is always of one build.
 *
 * `offline.sh` writes build.json, the build's id and the SHA-256 of its files. A build has a cache of its own and is
 * fetched as a whole; another one takes its place only when a page opens and no other page is there. What is served was
 * verified against that list, so a page never gets a mix, even while the site is being replaced. This script holds no
 * build, so a new version of it changes nothing for the pages. The models' other files are kept by worker/shelf.js.
 *
 * Messages, each with a port for the answer, which is `{error}` if something fails: `{type: 'keep', build, module}`
 * keeps what a page runs on: `{kept}`. `{type: 'check'}` fetches a new build: `{update}`. `{type: 'takeOver'}`, from a
 * page that has just opened, asks for the new build: `{agreed}`.
 *
 * @typedef {{build: string, files: Record<string, string>}} Build
 * @typedef {{folder: string, url: string, key: string, sha256: string}} ModelFile
 * @typedef {{type: 'keep', build: string, module: string} | {type: 'check'} | {type: 'takeOver'}} Message
 */

/** The global scope; by itself TypeScript takes it for a page's or another worker's. */
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const PREFIX = 'carzero-build-';
const MODELS = 'carzero-models';
const STATE = 'carzero-state'; // which build is current, and which is ready to be the next
const SCOPE = worker.registration.scope;
const MODULES = ['cpu', 'cpu-relaxed', 'webgpu', 'evaluate'];

const urlOf = (/** @type {string} */ path) => new URL(path, SCOPE).href;
const cacheOf = (/** @type {Build} */ { build }) => caches.open(PREFIX + build);
/** The files of a WebAssembly module, which are kept as they are used. @param {string} name */
const moduleFiles = (name) => [`carzero-${name}.js`, `carzero-${name}_bg.wasm`];
/** What every visit needs. @param {Build} build */
const coreOf = (build) => Object.keys(build.files).filter((path) => !MODULES.flatMap(moduleFiles).includes(path));
const manifestsOf = (/** @type {Build} */ build) =>
  Object.keys(build.files).filter((path) => /^models\/.*manifest\.json$/.test(path));

/** @type {Map<string, Promise<Build | null>>} */ const remembered = new Map();

/** @param {'current' | 'next'} name @returns {Promise<Build | null>} */
function read(name) {
  const known =
    remembered.get(name) ??
    caches
      .open(STATE)
      .then((cache) => cache.match(urlOf(name)))
      .then((response) => response?.json() ?? null);
  remembered.set(name, known);
  return known;
}

/** @param {'current' | 'next'} name @param {Build | null} build */
async function write(name, build) {
  const cache = await caches.open(STATE);
  if (build) await cache.put(urlOf(name), new Response(JSON.stringify(build)));
  else await cache.delete(urlOf(name));
  remembered.set(name, Promise.resolve(build));
}

/** @param {ArrayBuffer} data */
async function sha256(data) {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** A file of the site, if it is the expected one: from the browser's own cache, or else from the network. @param {string} url @param {string} digest */
async function fetchVerified(url, digest) {
  for (const cache of /** @type {const} */ (['force-cache', 'reload'])) {
    const response = await fetch(url, { cache });
    const data = response.ok ? await response.arrayBuffer() : null;
    if (data && (await sha256(data)) === digest) {
      const type = response.headers.get('content-type') ?? 'application/octet-stream';
      return new Response(data, {
        headers: { 'content-type': type, 'content-length': String(data.byteLength), 'x-sha256': digest },
      });
    }
  }
  throw new Error(`${url} is not what the build lists`);
}

/**
 * A response as it is stored and served: with the headers that isolate the page, even if the host sets none. They are
 * added before it is stored: only for responses served straight from the cache are compiled scripts kept.
 * @param {Response} response
 */
function isolated(response) {
  const headers = new Headers(response.headers);
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-embedder-policy', 'require-corp');
  return new Response(response.body, { headers });
}

/** A file of a build: kept already, the same in another build, or fetched and kept. @param {Build} build @param {string} path @returns {Promise<Response>} */
async function fileOf(build, path) {
  const url = urlOf(path);
  const kept = await caches.match(url, { cacheName: PREFIX + build.build });
  if (kept) return kept;
  let found;
  for (const name of await caches.keys()) {
    const other = name.startsWith(PREFIX) && (await caches.match(url, { cacheName: name }));
    if (other && other.headers.get('x-sha256') === build.files[path]) found = other;
  }
  found = isolated(found ?? (await fetchVerified(url, build.files[path])));
  const cache = (await caches.has(PREFIX + build.build)) ? await cacheOf(build) : null; // null: deleted meanwhile
  await cache?.put(url, found.clone()).catch(() => {}); // storage is full: served, but not kept
  return found;
}

/** Fetches and keeps files of a build, as far as they are missing; answers whether all are kept now. @param {Build} build @param {string[]} paths */
async function keep(build, paths) {
  const cache = await cacheOf(build);
  await Promise.all(paths.map((path) => fileOf(build, path)));
  return (await Promise.all(paths.map((path) => cache.match(urlOf(path))))).every(Boolean);
}

/** A model's files, and the keys under which worker/shelf.js keeps them. @param {Build} build @param {string} path Of the manifest @returns {Promise<ModelFile[]>} */
async function modelFiles(build, path) {
  const folder = urlOf(path.replace(/manifest\.json$/, ''));
  const { files } = await (await fileOf(build, path)).json();
  return files.map((/** @type {{path: string, sha256: string}} */ file) => {
    const url = new URL(file.path, folder).href;
    return { folder, url, key: `${url}?sha256=${file.sha256}`, sha256: file.sha256 };
  });
}

/** Fetches what a build changes in the models that are kept here. @param {Build} build */
async function renewModels(build) {
  const cache = await caches.open(MODELS);
  const keys = (await cache.keys()).map(({ url }) => url);
  for (const path of manifestsOf(build)) {
    for (const { folder, url, key, sha256: digest } of await modelFiles(build, path)) {
      if (keys.some((kept) => kept.startsWith(folder)) && !keys.includes(key))
        await cache.put(key, await fetchVerified(url, digest));
    }
  }
}

/** Deletes other builds, and files of models that only those builds list. @param {Build} build */
async function forgetOthers(build) {
  for (const name of await caches.keys())
    if (name.startsWith(PREFIX) && name !== PREFIX + build.build) await caches.delete(name);
  const cache = await caches.open(MODELS);
  for (const path of manifestsOf(build)) {
    const files = await modelFiles(build, path);
    for (const { url } of await cache.keys()) {
      if (url.startsWith(files[0].folder) && !url.endsWith('manifest.json') && !files.some(({ key }) => key === url))
        await cache.delete(url);
    }
  }
}

/** The build that the site offers now. @returns {Promise<Build>} */
async function fetchBuild() {
  const response = await fetch(urlOf('build.json'), { cache: 'no-cache' });
  if (!response.ok) throw new Error(`build.json could not be fetched (HTTP ${response.status})`);
  return response.json();
}

/** The current build; if there is none, the site's becomes the current one. */
async function currentBuild() {
  const current = await read('current');
  if (current) return current;
  const build = await fetchBuild();
  if (!(await keep(build, coreOf(build)))) throw new Error('no room to keep the page');
  await write('current', build);
  return build;
}

/** The open pages of this part of the site. */
const pages = async () =>
  (await worker.clients.matchAll({ type: 'window', includeUncontrolled: true })).filter(({ url }) =>
    url.startsWith(SCOPE),
  );

/** Keeps what a page runs on. One that came from the network is controlled from now on, if it is of the current build. @param {string} build @param {string} module */
async function keepPage(build, module) {
  const current = await currentBuild();
  if (current.build === build) await worker.clients.claim();
  return { kept: await keep(current, [...coreOf(current), ...moduleFiles(module)]) };
}

/** Fetches the site's build, if it is another one. */
async function check() {
  const [current, next, offered] = [await currentBuild(), await read('next'), await fetchBuild()];
  if ([current.build, next?.build].includes(offered.build)) return { update: offered.build !== current.build };
  const cache = await cacheOf(current);
  const used = []; // modules in use have to work offline in the next build, too
  for (const name of MODULES) if (await cache.match(urlOf(`carzero-${name}_bg.wasm`))) used.push(...moduleFiles(name));
  if (!(await keep(offered, [...coreOf(offered), ...used]))) throw new Error('no room to keep the new build');
  await renewModels(offered);
  await write('next', offered);
  return { update: true };
}

/** Changes over to the next build, if the page that asks is the only one. @param {string} page Its id */
async function takeOver(page) {
  const next = await read('next');
  if (!next || !(await pages()).every(({ id }) => id === page)) return { agreed: false };
  await write('current', next);
  await write('next', null);
  await forgetOthers(next);
  return { agreed: true };
}

/** @param {Message} message @param {string} page Id of the one that it is from */
async function answer(message, page) {
  if (message.type === 'keep') return keepPage(message.build, message.module);
  if (message.type === 'check') return check();
  if (message.type === 'takeOver') return takeOver(page);
  throw new Error('unknown message type');
}

worker.addEventListener('install', (event) => {
  worker.skipWaiting();
  event.waitUntil(currentBuild());
});

worker.addEventListener('message', (event) => {
  const page = event.source instanceof Client ? event.source.id : '';
  const answered = answer(event.data, page).catch((/** @type {Error} */ { message }) => ({ error: message }));
  event.waitUntil(answered.then((value) => event.ports[0].postMessage(value)));
});

worker.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  const path = `${origin}${pathname}`.slice(SCOPE.length) || 'index.html';
  if (
    method !== 'GET' ||
    !`${origin}${pathname}`.startsWith(SCOPE) ||
    (path.startsWith('models/') && !path.endsWith('manifest.json'))
  )
    return;
  event.respondWith(
    (async () => {
      const current = await read('current');
      if (!current || !Object.hasOwn(current.files, path)) return fetch(event.request);
      return fileOf(current, path).catch(() => Response.error());
    })(),
  );
});
