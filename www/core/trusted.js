/** The two scripts that the page starts by their address. With Trusted Types there is no other way to start one, nor to make a page of a string. */

export const SERVICE_WORKER = 'sw.js';
const BLOB = `blob:${globalThis.origin}/`;

/** @typedef {{createScriptURL(url: string): string}} Policy */
/** @type {{createPolicy(name: string, policy: Policy): Policy} | undefined} Not in every browser */
const factory = Reflect.get(globalThis, 'trustedTypes');
/** Named in the page's content policy, which allows no second one. */
const policy = factory?.createPolicy('carzero', {
  createScriptURL(url) {
    if (url !== SERVICE_WORKER && !url.startsWith(BLOB)) throw new TypeError(`${url} is no script of the page`);
    return url;
  },
});

/**
 * Starts a module worker through a blob: only a blob's worker inherits the page's content policy, so that the browser itself
 * keeps it, and the image with it, from reaching other sites.
 *
 * @param {string} url Of the worker's module @param {string} [more] Code that it runs too
 */
export function startWorker(url, more = '') {
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};\n${more}`], { type: 'text/javascript' }));
  const worker = new Worker(scriptUrl(blob), { type: 'module' });
  worker.addEventListener('message', () => URL.revokeObjectURL(blob), { once: true });
  return worker;
}

/** @param {string} url @returns {string} A `TrustedScriptURL`, where the browser has them */
export const scriptUrl = (url) => policy?.createScriptURL(url) ?? url;
