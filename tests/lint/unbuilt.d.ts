/** The program's module, where the page has not been built and nothing declares it; see tsconfig.built.json. */
declare module 'carzero-cpu';
