/** The page on nginx and on Caddy, set up as the README says: isolated, with its types, compressed, and resumed where a download broke off. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listen } from '../browser/server.mjs';
import { DIST, launch, matchOf, scratch } from '../browser/setup.mjs';
import { reached, visit } from '../browser/visit.mjs';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const work = scratch();
/** @type {Awaited<ReturnType<typeof launch>>} */ let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
  work.remove();
});

/** The README's lines for a host, for this build. @param {string} name */
const linesFor = (name) =>
  matchOf(readme, new RegExp(`\\*\\*${name}\\*\\*[^\\n]*\\n\\n((?: {4}.*\\n)+)`))[1].replace('/srv/carzero', DIST);

/** How each host is started. @type {Record<string, (port: number) => [string, ...string[]]>} */
const HOSTS = {
  nginx(port) {
    const config = join(work.path, 'nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${join(work.path, kind)};`,
    );
    cpSync('/etc/nginx/mime.types', join(work.path, 'mime.types'));
    writeFileSync(
      config,
      `user ${userInfo().username}; pid ${join(work.path, 'nginx.pid')}; daemon off; error_log stderr; events {}
      http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port};\n${linesFor('nginx')}} }`,
    );
    return ['nginx', '-c', config];
  },
  Caddy(port) {
    const config = join(work.path, 'Caddyfile');
    writeFileSync(config, `{\nadmin off\nauto_https off\n}\nhttp://127.0.0.1:${port} {\n${linesFor('Caddy')}}\n`);
    return ['caddy', 'run', '--adapter', 'caddyfile', '--config', config];
  },
};

async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a host answers. @param {string} url @param {import('node:child_process').ChildProcess} host */
async function answers(url, host) {
  while (host.exitCode === null) if (await fetch(url).catch(() => null)) return;
  throw new Error(`the host ended: ${host.exitCode}`);
}

for (const [name, start] of Object.entries(HOSTS)) {
  test(`the page on ${name}`, async () => {
    const port = await freePort();
    const [command, ...args] = start(port);
    const host = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, XDG_CONFIG_HOME: work.path, XDG_DATA_HOME: work.path },
    });
    let said = '';
    host.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const origin = `http://127.0.0.1:${port}`;
    try {
      await answers(origin, host);
      const ask = (/** @type {string} */ path, /** @type {Record<string, string>} */ headers = {}) =>
        fetch(`${origin}/${path}`, { headers });

      for (const [path, type] of [
        ['', /^text\/html/],
        ['app.js', /^(text|application)\/javascript/],
        ['css/page.css', /^text\/css/],
        ['manifest.webmanifest', /^application\/manifest\+json/],
        ['carzero-cpu_bg.wasm', /^application\/wasm$/],
      ]) {
        const { headers } = await ask(String(path), { 'accept-encoding': 'gzip' });
        assert.match(headers.get('content-type') ?? '', /** @type {RegExp} */ (type), String(path));
        assert.equal(headers.get('cache-control'), 'no-cache');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.equal(headers.get('content-security-policy'), "frame-ancestors 'self'");
        if (/\.(js|css|wasm)$/.test(String(path))) assert.equal(headers.get('content-encoding'), 'gzip', String(path));
      }

      const weights = 'models/default/weights-01-of-01.safetensors';
      const whole = await ask(weights, { 'accept-encoding': 'gzip' });
      assert.equal(whole.headers.get('content-encoding'), null, 'weights do not shrink');
      const tag = whole.headers.get('etag') ?? '';
      const rest = await ask(weights, { range: 'bytes=1000-', 'if-range': tag });
      assert.equal(rest.status, 206, 'a download that broke off goes on');
      assert.deepEqual(Buffer.from(await rest.arrayBuffer()), Buffer.from(await whole.arrayBuffer()).subarray(1000));

      const { context, page, problems } = await visit(browser, {});
      await page.goto(origin);
      await reached(page, 'ready');
      assert.ok(await page.evaluate(() => crossOriginIsolated));
      await page.locator('[data-phantom="effusion"]').click();
      await reached(page, 'done');
      await page.goto(`${origin}/embed.html`);
      await page.locator('carzero-viewer .stage[data-state="done"]').first().waitFor();
      assert.deepEqual(problems, []);
      await context.close();
    } catch (error) {
      throw new Error(`${error}\n${name} said: ${said}`, { cause: error });
    } finally {
      const ended = once(host, 'exit');
      if (host.exitCode === null && host.kill()) await ended;
    }
  });
}
