/** The page's one Trusted Types policy: it can start scripts from these addresses only, and can make no HTML of a string. */
import { CodedError } from './errors.js';

export const SERVICE_WORKER = 'sw.js';
const BLOB = `blob:${globalThis.origin}/`;
/** The folder of the workers. By way of `../`, as this module may be bundled into a file in another folder. */
export const WORKERS = new URL('../worker/', import.meta.url).href;

/** @typedef {{createScriptURL(url: string): string}} Policy */
/** Named in the page's content policy, which allows no second one. @type {Policy | undefined} */
let policy;

/** @returns {Policy | undefined} Not in every browser */
function makePolicy() {
  /** @type {{createPolicy(name: string, policy: Policy): Policy} | undefined} */
  const factory = Reflect.get(globalThis, 'trustedTypes');
  try {
    return factory?.createPolicy('carzero', {
      createScriptURL(url) {
        if (url !== SERVICE_WORKER && ![BLOB, WORKERS].some((beginning) => url.startsWith(beginning)))
          throw new TypeError(`${url} is no script of the page`);
        return url;
      },
    });
  } catch (cause) {
    throw new CodedError('policy', 'The content policy of this page has to allow it: trusted-types carzero', { cause });
  }
}

/**
 * Starts a module worker by its address, which has to be of the page's origin. The worker's content policy is the one
 * that its script is served with.
 *
 * @typedef {(url: string, name?: string) => Worker} Start `url`: of the worker's module
 * @type {Start}
 */
export const startByAddress = (url, name) => new Worker(scriptUrl(url), { type: 'module', name });

/**
 * Starts a module worker through a blob: only a blob's worker inherits the page's content policy, so that the browser itself
 * keeps it, and the image with it, from reaching other sites.
 *
 * @type {Start}
 */
export function startInheriting(url, name) {
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' }));
  const worker = startByAddress(blob, name);
  worker.addEventListener('message', () => URL.revokeObjectURL(blob), { once: true });
  return worker;
}

/** Starts a worker in the way in which this one was started. @type {Start} */
export const startAlike = (url, name) => (location.protocol === 'blob:' ? startInheriting : startByAddress)(url, name);

/** @param {string} url @returns {string} A `TrustedScriptURL`, where the browser has them */
export function scriptUrl(url) {
  policy ??= makePolicy();
  return policy?.createScriptURL(url) ?? url;
}
