/** The program: starting its WebAssembly module. */
import { moduleFor } from './device.js';
import { CodedError } from '../core/errors.js';

/**
 * @param {'cpu' | 'webgpu'} kind
 * @returns {Promise<{wasm: any, memory: WebAssembly.Memory, code: WebAssembly.Module, glue: string}>} Its exports, its memory, and what it is started from
 */
export async function startProgram(kind) {
  const name = `carzero-${moduleFor(kind)}`;
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
