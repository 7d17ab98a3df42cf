/**
 * Three browsers behind one interface, as Playwright's pages have it: Chromium by Playwright, Firefox by Puppeteer, WebKit
 * by the WebDriver of its GTK port.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} goto
 * @property {(run: (argument: any) => any, argument?: any) => Promise<any>} evaluate Runs in the page; what it needs comes as its argument
 * @property {() => Promise<unknown>} close The browser, too
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import puppeteer from 'puppeteer-core';
import { launch } from '../browser/setup.mjs';

/** @returns {Promise<Page>} */
async function chromium() {
  const browser = await launch();
  const page = await browser.newPage();
  return { goto: (url) => page.goto(url), evaluate: (run, argument) => page.evaluate(run, argument), close: () => browser.close() };
}

/** @returns {Promise<Page>} */
async function firefox() {
  const executablePath = process.env.FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path));
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, defaultViewport: null });
  const page = await browser.newPage();
  return { goto: (url) => page.goto(url), evaluate: (run, argument) => page.evaluate(run, argument), close: () => browser.close() };
}

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** WebKit, as the W3C's WebDriver has it, on a display that nobody sees. @param {string} folder For what it keeps @returns {Promise<Page>} */
async function webkit(folder) {
  const port = await freePort();
  const driver = spawn('xvfb-run', ['-a', '-s', '-screen 0 1280x900x24', 'WebKitWebDriver', '--host=127.0.0.1', `--port=${port}`], {
    env: { ...process.env, TMPDIR: folder, HOME: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    stdio: 'ignore',
    detached: true, // a group of its own, to be ended as one
  });
  /** @param {string} method @param {string} path @param {object} [body] */
  async function call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
  const end = () => process.kill(-driver.pid);
  const until = Date.now() + 30_000;
  while (!await call('GET', '/status').catch(() => null)) {
    if (Date.now() > until) throw new Error('WebKitWebDriver does not answer', { cause: end() });
  }
  const { sessionId } = await call('POST', '/session', { capabilities: {} });
  const session = `/session/${sessionId}`;
  const script = (/** @type {(argument: any) => any} */ run) => `const done = arguments[1];
    Promise.resolve().then(() => (${run})(arguments[0])).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
  return {
    goto: (url) => call('POST', `${session}/url`, { url }),
    async evaluate(run, argument = null) {
      const { value, error } = await call('POST', `${session}/execute/async`, { script: script(run), args: [argument] });
      if (error) throw new Error(error);
      return value;
    },
    close: () => call('DELETE', session).finally(end),
  };
}

/** How each is started. @type {Record<string, (folder: string) => Promise<Page>>} */
export const BROWSERS = { Chromium: chromium, Firefox: firefox, WebKit: webkit };
