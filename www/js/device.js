/** Which wasm module to run, and why. Runs in the worker. */

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|\bwarp\b/i;

/**
 * @param {'auto' | 'webgpu' | 'cpu'} preference
 * @returns {Promise<{kind: 'cpu' | 'webgpu', reason: import('./i18n.js').Message}>}
 */
export async function chooseDevice(preference) {
  if (preference === 'cpu') return { kind: 'cpu', reason: { key: 'device.cpuChosen' } };
  if (!navigator.gpu) return { kind: 'cpu', reason: { key: 'device.noWebgpu' } };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return { kind: 'cpu', reason: { key: 'device.noAdapter' } };
  if (preference === 'webgpu') return { kind: 'webgpu', reason: { key: 'device.webgpuChosen' } };
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter } = adapter.info ?? {};
  if (isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test([vendor, architecture, device, description].join(' '))) {
    return { kind: 'cpu', reason: { key: 'device.software' } };
  }
  return { kind: 'webgpu', reason: { key: 'device.webgpu' } };
}
