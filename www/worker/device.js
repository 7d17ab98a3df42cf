/** Which wasm module to run, and why. Runs in the worker. */

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|\bwarp\b/i;

/**
 * @param {'auto' | 'webgpu' | 'cpu'} preference
 * @returns {Promise<{kind: 'cpu' | 'webgpu', reason: import('../core/i18n.js').Message}>}
 */
export async function chooseDevice(preference) {
  if (preference === 'cpu') return { kind: 'cpu', reason: { key: 'device.cpuChosen' } };
  if (!navigator.gpu) return { kind: 'cpu', reason: { key: 'device.noWebgpu' } };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return { kind: 'cpu', reason: { key: 'device.noAdapter' } };
  if (preference === 'webgpu') return { kind: 'webgpu', reason: { key: 'device.webgpuChosen' } };
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter } = adapter.info ?? {};
  if (
    isFallbackAdapter ||
    Reflect.get(adapter, 'isFallbackAdapter') || // where older browsers have it
    SOFTWARE.test([vendor, architecture, device, description].join(' '))
  ) {
    return { kind: 'cpu', reason: { key: 'device.software' } };
  }
  return { kind: 'webgpu', reason: { key: 'device.webgpu' } };
}

/** A module with one instruction of relaxed SIMD: `i8x16.relaxed_swizzle` of two splats. */
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
];

/** The WebAssembly module for a device in this browser: `carzero-NAME.js`. @param {'cpu' | 'webgpu'} kind */
export const moduleFor = (kind) =>
  kind === 'cpu' && WebAssembly.validate(new Uint8Array(RELAXED)) ? 'cpu-relaxed' : kind;
