/** The program's modules, where the page has not been built and nothing declares them; see tsconfig.built.json. */
declare module 'carzero-cpu';
declare module 'carzero-evaluate';
declare module 'carzero-results';
