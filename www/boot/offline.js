/** The page's end of the service worker, sw.js: offline use, and when a new build takes over. */

import { build } from '../core/build.js';
import { moduleFor } from '../worker/device.js';
import { SERVICE_WORKER, scriptUrl } from '../core/trusted.js';

const PATIENCE_MS = 4000; // how long a service worker may take to answer

const container = () => (build() ? navigator.serviceWorker : undefined); // undefined on an insecure origin, too

/** @param {ServiceWorker} worker @param {object} message @returns {Promise<{agreed?: boolean, kept?: boolean, update?: boolean, error?: string}>} */
function ask(worker, message) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(message, [port2]);
  });
}

const patience = () =>
  new Promise((resolve) => {
    setTimeout(() => resolve({}), PATIENCE_MS);
  });

/**
 * Called as the page opens: lets this page have a new build that is ready, if no other page is open.
 *
 * @returns {Promise<boolean>} The page is being loaded again.
 */
export async function takeOver() {
  const controller = container()?.controller;
  if (!controller) return false;
  const { agreed } = await Promise.race([ask(controller, { type: 'takeOver' }), patience()]);
  if (agreed) location.reload();
  return Boolean(agreed);
}

/** Keeps the files that this page runs on for offline use, and looks for a new build. @param {import('../core/state.js').DeviceKind} kind @param {(found: {kept?: boolean, update?: boolean}) => void} tell */
export async function keepOffline(kind, tell) {
  const workers = container();
  const registered = await workers
    ?.register(scriptUrl(SERVICE_WORKER), { updateViaCache: 'none' })
    .catch(() => undefined); // the page works without
  if (!workers || !registered) return;
  const { active } = await workers.ready;
  if (!active) return;
  const { kept } = await ask(active, { type: 'keep', build: build(), module: moduleFor(kind) });
  tell({ kept: kept === true });
  const { update } = await ask(active, { type: 'check' });
  tell({ update: update === true });
}
