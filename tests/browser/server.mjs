/** A static server on loopback that remembers what was asked of it, and misbehaves on request. */
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

/**
 * Serves folders under URL prefixes, such as `{'/': 'dist', '/models/micro/': '/tmp/micro'}`; the longest match wins.
 *
 * `folders` may be changed at any time. `requests` are the paths asked for. `edits` maps a path to what becomes of
 * its bytes before they are sent; null cuts the connection half-way.
 *
 * @param {Record<string, string>} folders
 */
export async function serve(folders) {
  /** @type {string[]} */ const requests = [];
  /** @type {Map<string, null | ((body: Buffer) => Buffer | string)>} */ const edits = new Map();
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    requests.push(path);
    const prefix = Object.keys(folders).filter((candidate) => path.startsWith(candidate)).sort((a, b) => b.length - a.length)[0];
    const root = join(folders[prefix], sep);
    const file = join(root, normalize(path.slice(prefix.length) || 'index.html'));
    const body = file.startsWith(root) ? await readFile(file).catch(() => null) : null;
    if (!body) return void response.writeHead(404).end();
    const edit = edits.get(path);
    const headers = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' };
    if (edit === null) {
      response.writeHead(200, { ...headers, 'content-length': body.length });
      return void response.write(body.subarray(0, body.length / 2), () => response.destroy());
    }
    response.writeHead(200, headers).end(edit ? edit(body) : body);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    folders,
    requests,
    edits,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}
