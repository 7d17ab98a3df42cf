/** A static server on loopback that remembers what was asked of it, and misbehaves on request. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

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

/**
 * Serves folders under URL prefixes, such as `{'/': 'dist', '/models/micro/': '/tmp/micro'}`; the longest match wins.
 *
 * `folders` and `headers`, sent with everything, may be changed at any time. `requests` are the paths asked for, `received`
 * all of each request. `edits` maps a path to what becomes of its bytes before they are sent; null sends them from the
 * start, and cuts the connection half-way, once `cut` is fulfilled if there is one. Where `resumes` is false, nobody gets a
 * part of a file.
 *
 * @param {Record<string, string>} folders
 */
export async function serve(folders) {
  /** @type {string[]} */ const requests = [];
  /** @type {Map<string, null | ((body: Buffer) => Buffer | string)>} */ const edits = new Map();
  /** @type {Record<string, string>} */ const headers = {};
  /** @type {{method: string, url: string, headers: Record<string, string>, body: string}[]} */ const received = [];
  const server = createServer(async (request, response) => {
    const entry = { method: request.method, url: request.url, headers: request.headers, body: '' };
    received.push(entry);
    request.on('data', (chunk) => {
      entry.body += chunk;
    });
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
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
    const from = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1]);
    if (site.resumes && from < whole.length && [undefined, tagOf(whole)].includes(request.headers['if-range'])) {
      response.writeHead(206, {
        ...described,
        etag: tagOf(whole),
        'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}`,
      });
      return void response.end(whole.subarray(from));
    }
    response.writeHead(200, { ...described, etag: tagOf(whole) }).end(whole);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const site = {
    resumes: true,
    /** @type {Promise<void> | undefined} */ cut: undefined,
    origin: `http://127.0.0.1:${server.address().port}`,
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
