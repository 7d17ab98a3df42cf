/** A static server on loopback that remembers what was asked of it, and misbehaves on request. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
};

const tagOf = (/** @type {Buffer} */ body) => `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;

/** Lets a server listen on a free port of loopback, and tells the port. @param {import('node:net').Server} server */
export async function listen(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** @typedef {Awaited<ReturnType<typeof serve>>} Site */

/**
 * Serves folders under URL prefixes, such as `{'/': 'dist', '/models/micro/': '/tmp/micro'}`; the longest match wins.
 *
 * `folders` and `headers`, sent with everything, may be changed at any time. `requests` are the paths asked for,
 * `received` all of each request. `edits` maps a path to a function that changes its bytes before they are sent, or to
 * null: then they are sent from the start, and the connection is cut half-way, once `cut` is fulfilled if there is one.
 * If `resumes` is false, range requests get the whole file.
 *
 * @param {Record<string, string>} folders
 */
export async function serve(folders) {
  /** @type {string[]} */ const requests = [];
  /** @type {Map<string, null | ((body: Buffer) => Buffer | string)>} */ const edits = new Map();
  /** @type {Record<string, string>} */ const headers = {};
  /** @type {{method: string, url: string, headers: import('node:http').IncomingHttpHeaders, body: string}[]} */ const received =
    [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers: asked } = request;
    const entry = { method, url, headers: asked, body: '' };
    received.push(entry);
    request.on('data', (chunk) => {
      entry.body += chunk;
    });
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    requests.push(path);
    const prefix = Object.keys(folders)
      .filter((candidate) => path.startsWith(candidate))
      .sort((a, b) => b.length - a.length)[0];
    const root = join(folders[prefix], sep);
    const file = join(root, normalize(path.slice(prefix.length) || 'index.html'));
    const body = file.startsWith(root) ? await readFile(file).catch(() => null) : null;
    if (!body) return void response.writeHead(404).end();
    const edit = edits.get(path);
    const described = { ...headers, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' };
    if (edit === null) {
      response.writeHead(200, { ...described, etag: tagOf(body), 'content-length': body.length });
      return void response.write(body.subarray(0, body.length / 2), async () => {
        await site.cut;
        response.destroy();
      });
    }
    const whole = edit ? Buffer.from(edit(body)) : body;
    const from = Number(asked.range?.match(/^bytes=(\d+)-$/)?.[1]);
    const same = asked['if-range'] === undefined || asked['if-range'] === tagOf(whole);
    if (site.resumes && from < whole.length && same) {
      response.writeHead(206, {
        ...described,
        etag: tagOf(whole),
        'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}`,
      });
      return void response.end(whole.subarray(from));
    }
    response.writeHead(200, { ...described, etag: tagOf(whole) }).end(whole);
  });
  const port = await listen(server);
  const site = {
    resumes: true,
    /** @type {Promise<void> | undefined} */ cut: undefined,
    origin: `http://127.0.0.1:${port}`,
    folders,
    headers,
    requests,
    received,
    edits,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
  return site;
}
