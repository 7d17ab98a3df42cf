/** The id that the build gave this page; without one there is no service worker. */
export const build = () => document.querySelector('meta[name="build"]')?.getAttribute('content') ?? '';
