/** What is used of Puppeteer, which only `make engines` installs. */
declare module 'puppeteer-core' {
  const puppeteer: {
    launch(options: { browser: 'firefox'; executablePath?: string; defaultViewport: null }): Promise<{
      newPage(): Promise<import('./browsers.mjs').Page>;
      close(): Promise<void>;
    }>;
  };
  export default puppeteer;
}
