/** Imported by the page of a test: opens the model of the test's site in one of the WebAssembly modules. */
/** @import { Exports } from '../../www/worker/program.js' */

/** A file of the site. @param {string} path */
export const bytesOf = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

/** @param {string} name Of the module */
export async function openModel(name) {
  /** @type {Exports} */ const wasm = await import(`/carzero-${name}.js`);
  await wasm.default();
  const loader = await wasm.Loader.create(await bytesOf('/model/manifest.json'));
  for (const { path } of loader.files()) loader.add(path, await bytesOf(`/model/${path}`));
  return { wasm, model: await loader.finish(false) };
}
