/**
 * Models at other sites, and those that this browser keeps.
 *
 * @typedef {object} Remote What is asked of another site
 * @property {string} url As it is typed @property {boolean} asked By the page's address
 * @property {boolean} running @property {import('./state.js').Progress | null} progress @property {import('./i18n.js').Message} error
 *
 * @typedef {{key: string, name: string, bytes: number}} Kept `key` names its folder
 */

import { outsideUrl } from './outside.js';

/** @returns {Remote} */
export const initialRemote = () => ({ url: '', asked: false, running: false, progress: null, error: '' });

/** The folder of a model at another site, or null where the address is none. The address may also be that of its manifest.json. @param {string} address @returns {URL | null} It ends in a slash */
export function remoteFolder(address) {
  const url = outsideUrl(address);
  if (!url) return null;
  url.pathname = url.pathname.replace(/(^|\/)manifest\.json$/, '$1').replace(/\/*$/, '/');
  url.search = url.hash = url.username = url.password = '';
  return url;
}
