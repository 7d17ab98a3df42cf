/**
 * Three browsers behind one interface, as Playwright's pages have it: Chromium by Playwright, Firefox by Puppeteer, WebKit
 * by the WebDriver of its GTK port.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} goto
 * @property {(run: (argument: any) => any, argument?: any) => Promise<any>} evaluate Runs in the page; what it needs comes as its argument
 * @property {() => Promise<unknown>} close The browser, too
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';
import { listen } from '../browser/server.mjs';
import { launch } from '../browser/setup.mjs';

const PATIENCE_MS = 60_000;

/** Asks again until the answer is true; an error counts as false. @param {() => Promise<unknown>} ask @param {string} what */
export async function until(ask, what) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await ask().catch(() => false))) {
    assert.ok(Date.now() < end, `never: ${what}`);
    await pause(20);
  }
}

/** A page of Playwright's or Puppeteer's browser, which have the same methods. @param {{newPage: () => Promise<Page>, close: () => Promise<unknown>}} browser @returns {Promise<Page>} */
async function pageOf(browser) {
  const page = await browser.newPage();
  return {
    goto: (url) => page.goto(url),
    evaluate: (run, argument) => page.evaluate(run, argument),
    close: () => browser.close(),
  };
}

const chromium = async () => pageOf(await launch());

async function firefox() {
  const executablePath =
    process.env.FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => existsSync(path));
  return pageOf(await puppeteer.launch({ browser: 'firefox', executablePath, defaultViewport: null }));
}

/** A port that is free now. */
async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  return port;
}

/** WebKit through the W3C's WebDriver, on a virtual display. @param {string} folder For what it keeps @returns {Promise<Page>} */
async function webkit(folder) {
  const port = await freePort();
  const driver = spawn(
    'xvfb-run',
    ['-a', '-s', '-screen 0 1280x900x24', 'WebKitWebDriver', '--host=127.0.0.1', `--port=${port}`],
    {
      env: {
        ...process.env,
        TMPDIR: folder,
        HOME: folder,
        XDG_CACHE_HOME: folder,
        XDG_CONFIG_HOME: folder,
        XDG_DATA_HOME: folder,
      },
      stdio: 'ignore',
      detached: true, // a process group of its own, which is ended as a whole
    },
  );
  /** @param {string} method @param {string} path @param {object} [body] */
  async function call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
  const end = () => process.kill(-(/** @type {number} */ (driver.pid)));
  let session;
  try {
    await until(() => call('GET', '/status'), 'an answer of WebKitWebDriver');
    const { sessionId } = await call('POST', '/session', { capabilities: {} });
    session = `/session/${sessionId}`;
  } catch (error) {
    end();
    throw error;
  }
  const script = (/** @type {(argument: any) => any} */ run) => `const done = arguments[1];
    Promise.resolve().then(() => (${run})(arguments[0])).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
  return {
    goto: (url) => call('POST', `${session}/url`, { url }),
    async evaluate(run, argument = null) {
      const { value, error } = await call('POST', `${session}/execute/async`, {
        script: script(run),
        args: [argument],
      });
      if (error) throw new Error(error);
      return value;
    },
    close: () => call('DELETE', session).finally(end),
  };
}

/** How each is started. @type {Record<string, (folder: string) => Promise<Page>>} */
export const BROWSERS = { Chromium: chromium, Firefox: firefox, WebKit: webkit };
