/** The program: starting its WebAssembly modules. */
import { moduleFor } from './device.js';
import { CodedError } from '../core/errors.js';

/**
 * The exports of the module for the CPU; those of the others are the same.
 *
 * @typedef {typeof import('carzero-cpu')} Exports
 * @typedef {Exports['Picture']['prototype']} Picture
 * @typedef {Exports['EncodedImage']['prototype']} EncodedImage
 * @typedef {Exports['Model']['prototype']} Model
 * @typedef {Exports['Audit']['prototype']} Audit
 * @typedef {Exports['Curves']['prototype']} Curves
 * @typedef {{wasm: Exports, memory: WebAssembly.Memory, code: WebAssembly.Module, glue: string}} Program A module's exports and memory, and what it is started from
 */

/** Starts a module. @param {string} name @returns {Promise<{wasm: any, memory: WebAssembly.Memory, code: WebAssembly.Module, glue: string}>} */
export async function startModule(name) {
  const url = (/** @type {string} */ end) => new URL(`../${name}${end}`, import.meta.url).href;
  const missing = () => {
    throw new CodedError('network', `The program (${name}) could not be fetched.`);
  };
  const glue = url('.js');
  const compiled = WebAssembly.compileStreaming(fetch(url('_bg.wasm')).catch(missing));
  const [wasm, code] = await Promise.all([import(glue).catch(missing), compiled]);
  const { memory } = await wasm.default({ module_or_path: code });
  return { wasm, memory, code, glue };
}

/** Starts the module with a model. @param {'cpu' | 'webgpu'} kind @returns {Promise<Program>} */
export const startProgram = (kind) => startModule(`carzero-${moduleFor(kind)}`);
