/**
 * Every store of the browser that the page uses, and how all are emptied.
 * Only names that begin with PREFIX are the page's: other pages may share its origin.
 */

import { read, write } from './preference.js';

const PREFIX = 'carzero-';
const ASKED = 'carzero-forget';

/** @param {() => Storage} storage Throws if storage is forbidden */
const keysOf = (storage) => ({
  names: async () => Object.keys(storage()),
  remove: async (/** @type {string} */ name) => storage().removeItem(name),
});
const registrations = async () =>
  ((await navigator.serviceWorker?.getRegistrations()) ?? []).filter(
    ({ scope }) => scope === new URL('./', document.baseURI).href,
  );

/** @type {Record<string, {names: () => Promise<string[]>, remove: (name: string) => Promise<unknown>}>} */
const STORES = {
  workers: {
    names: async () => (await registrations()).map(({ scope }) => PREFIX + scope),
    remove: async () => {
      for (const registration of await registrations()) await registration.unregister();
    },
  },
  caches: { names: () => caches.keys(), remove: (name) => caches.delete(name) },
  databases: {
    names: async () => (await indexedDB.databases()).map(({ name = '' }) => name),
    remove: (name) =>
      new Promise((resolve) => {
        indexedDB.deleteDatabase(name).onsuccess = resolve;
      }),
  },
  files: {
    names: async () => Array.fromAsync((await navigator.storage.getDirectory()).keys()),
    remove: async (name) => (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true }),
  },
  local: keysOf(() => localStorage),
  session: keysOf(() => sessionStorage),
};

/** @param {{names: () => Promise<string[]>}} store One that cannot be read counts as empty */
const namesIn = async ({ names }) => (await names().catch(() => [])).filter((name) => name.startsWith(PREFIX));

/** What is stored, by store. @returns {Promise<[store: string, names: string[]][]>} */
export const stored = () =>
  Promise.all(
    Object.entries(STORES).map(
      async ([store, access]) => /** @type {[string, string[]]} */ ([store, await namesIn(access)]),
    ),
  );

/**
 * Reloads the page, which frees all memory, so that it deletes everything instead of starting. The request is in local
 * storage, so that no other site can make it by a link. Session storage and the history's state may be lost when a
 * reload isolates the page.
 */
export function askToForget() {
  write(ASKED, 'yes'); // where storage is forbidden nothing is stored
  location.replace(location.pathname + location.search);
}

export const isForgetting = () => read(ASKED) !== null;

/** Deletes everything, once the page has loaded: a file that arrives later would be stored again. */
export async function forget() {
  if (document.readyState !== 'complete')
    await new Promise((resolve) => {
      addEventListener('load', resolve, { once: true });
    });
  for (const store of Object.values(STORES)) for (const name of await namesIn(store)) await store.remove(name);
}
