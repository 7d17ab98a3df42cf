/** The two scripts that the page starts by their address. With Trusted Types there is no other way to start one, nor to make a page of a string. */

export const SERVICE_WORKER = 'sw.js';
const BLOB = `blob:${globalThis.origin}/`;

/** Named in the page's content policy, which allows no second one. */
const policy = globalThis.trustedTypes?.createPolicy('carzero', {
  createScriptURL(url) {
    if (url !== SERVICE_WORKER && !url.startsWith(BLOB)) throw new TypeError(`${url} is no script of the page`);
    return url;
  },
});

/** @param {string} url @returns {string} A `TrustedScriptURL`, where the browser has them */
export const scriptUrl = (url) => /** @type {any} */ (policy?.createScriptURL(url) ?? url);
