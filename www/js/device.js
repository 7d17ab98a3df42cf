/** Which wasm module to run, and why, in words. Runs in the worker. */

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|\bwarp\b/i;

/**
 * @param {'auto' | 'webgpu' | 'cpu'} preference
 * @returns {Promise<{kind: 'cpu' | 'webgpu', reason: string}>}
 */
export async function chooseDevice(preference) {
  if (preference === 'cpu') return { kind: 'cpu', reason: 'The CPU, because you chose it.' };
  if (!navigator.gpu) return { kind: 'cpu', reason: 'The CPU, because this browser does not offer WebGPU.' };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return { kind: 'cpu', reason: 'The CPU, because the browser found no graphics processor to use.' };
  if (preference === 'webgpu') return { kind: 'webgpu', reason: 'WebGPU, because you chose it.' };
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter } = adapter.info ?? {};
  if (isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test([vendor, architecture, device, description].join(' '))) {
    return { kind: 'cpu', reason: 'The CPU, because WebGPU would be emulated in software here, which is slower.' };
  }
  return { kind: 'webgpu', reason: 'WebGPU, because this computer has a graphics processor.' };
}
