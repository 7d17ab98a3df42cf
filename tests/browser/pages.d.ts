/** What the tests put into the pages that they look at, for tests and page to meet there. */

interface Asked {
  id: number;
  type: string;
  payload: unknown;
}
interface Chat {
  text: string;
  instructions: string;
  required: string[];
}

declare global {
  /** The checker of accessibility. */
  var axe: typeof import('axe-core');
  /** What the worker was asked. */
  var asked: Asked[];
  /** How far a conversion was, each time. */
  var told: import('../../www/core/conversion.js').Progress[];
  /** What it answered to be explained. */
  var explained: import('carzero').Explanation[];
  /** Lets the worker go on. */
  var release: () => void;
  /** Images that it was given of a series. */
  var assessed: number;
  /** Of the progress bar, in their order. */
  var values: number[];
  /** How a browser's own language model was used, and what it says. */
  var chats: (Chat | 'destroyed')[];
  var says: string;
  /** Of the worker: the module's memory, and how many pictures it holds. */
  var memory: WebAssembly.Memory;
  var held: () => number;
  /** All that was written on canvases since `recordTexts`, and in which colour. */
  var written: { text: string; colour: string | CanvasGradient | CanvasPattern }[];
  /** What went wrong. */
  var problems: string[];
  /** Milliseconds since the page was opened. */
  var firstScore: number | undefined;
  /** In the benchmark: starts a worker, and asks it. */
  var start: (name: string, url: string, type: WorkerType) => void;
  var call: (name: string, type: string, payload?: unknown) => Promise<unknown>;
  interface Performance {
    measureUserAgentSpecificMemory(): Promise<object>;
  }
}
export {};
