/** Loading a model: choosing the device, starting the program, and reading the weights. */
import { codedFrom } from '../core/errors.js';
import { chooseDevice } from './device.js';
import { feedFromDisk, manifestFromDisk } from './disk.js';
import { decode, held } from './held.js';
import { Pool } from './pool.js';
import { startProgram } from './program.js';
import { feed, passOf, prepare } from './weights.js';

const MEMBERS = 3; // of a pool at most: more gain little, and each holds its share of the weights

/** @typedef {import('../core/folders.js').Folder} Folder */

/** @type {ReturnType<typeof prepare> | undefined} What was read ahead of a model beside the page */ let prepared;

/** @param {import('../core/i18n.js').Message} why */
async function fallBack(why) {
  held.device = { kind: 'cpu', reason: { key: 'device.because', values: { why } } };
  held.program = await startProgram('cpu');
  for (const entry of held.pictures.values()) entry.picture = await decode(entry.source); // the old pictures belong to the other module
}

/** @param {Folder} folder */
const manifestOf = async (folder) =>
  folder.kind === 'disk'
    ? { manifest: await manifestFromDisk(folder.files), ahead: undefined }
    : (prepared ?? prepare(folder.url));

/**
 * Puts the model together: from the manifest, the files of its folder, and the self-test unless it is known to pass.
 *
 * @param {Folder} folder @param {string} build @param {(told: import('./jobs.js').Told) => void} tell
 * @param {Awaited<ReturnType<typeof manifestOf>>} beginning
 * @returns {Promise<import('./jobs.js').Weights>}
 */
async function assemble(folder, build, tell, { manifest, ahead }) {
  const loader = await held.program.wasm.Loader.create(manifest);
  if (folder.kind === 'disk') {
    const weights = await feedFromDisk(folder.files, loader, tell);
    tell(null);
    held.model = await loader.finish(false);
    return weights;
  }
  const passing =
    build && held.device.kind === 'cpu' ? passOf(folder.url, manifest, `${build} ${held.program.glue}`) : null;
  const { written, ...bytes } = await feed(folder.url, loader, tell, ahead);
  tell(null);
  try {
    const pass = await passing;
    held.model = await loader.finish(pass?.known ?? false);
    pass?.note();
  } finally {
    await written(); // even if the model fails
  }
  return { ...bytes, trouble: await written() };
}

/** @type {import('./jobs.js').Some<'start' | 'load'>} */
export const loadingJobs = {
  async start({ preference, without, folder }) {
    if (folder.kind === 'site') prepared = prepare(folder.url);
    prepared?.catch(() => {}); // `load` gets the error
    held.device = without
      ? { kind: 'cpu', reason: { key: 'device.because', values: { why: without } } }
      : await chooseDevice(preference);
    try {
      held.program = await startProgram(held.device.kind);
    } catch (error) {
      if (held.device.kind === 'cpu') throw error;
      await fallBack({ key: 'why.start', values: { message: codedFrom(error).message } });
    }
    return [{ device: held.device, phantoms: held.program.wasm.phantoms(), palettes: held.program.wasm.palettes() }];
  },

  async load({ folder, build }, tell) {
    const beginning = await manifestOf(folder);
    let weights;
    try {
      weights = await assemble(folder, build, tell, beginning);
    } catch (error) {
      const { code, message } = codedFrom(error);
      if (held.device.kind !== 'webgpu' || !['device', 'self-test'].includes(code)) throw error;
      await fallBack({ key: code === 'device' ? 'why.start' : 'why.selfTest', values: { message } });
      weights = await assemble(folder, build, tell, beginning);
    }
    // The pool starts only now: its members would take processor time from what the person waits for. Isolated pages
    // have shared memory, except in WebKit's GTK port.
    if (held.device.kind === 'cpu' && crossOriginIsolated && globalThis.SharedArrayBuffer)
      held.program.wasm.joinPool(new Pool(held.program, Math.min(MEMBERS, navigator.hardwareConcurrency - 1)));
    return [{ device: held.device, info: held.model.info(), weights }];
  },
};
