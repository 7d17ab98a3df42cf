/** Reads the files of a series ahead of the model; see decoders.js. */
import { readRow } from './pictures.js';

/**
 * @typedef {object} Setup
 * @property {WebAssembly.Module} code
 * @property {string} glue
 * @property {{image: import('carzero').ImageConfig, side: number}} sizes
 */

/** @type {Promise<{wasm: import('./program.js').Exports, sizes: Setup['sizes']}>} */ let program;

/** @param {Setup} setup */
async function start({ code, glue, sizes }) {
  const wasm = await import(glue);
  await wasm.default({ module_or_path: code });
  return { wasm, sizes };
}

/** The program first, then files, one after another. @param {MessageEvent<Setup | import('./jobs.js').RowSource['source']>} event */
onmessage = async ({ data }) => {
  if ('code' in data) {
    program = start(data);
    return;
  }
  try {
    const { wasm, sizes } = await program;
    postMessage(await readRow(wasm, data, sizes));
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      postMessage(null); // of the file: the first worker says why
    else reportError(error); // of the program, which can no longer be trusted
  }
};
