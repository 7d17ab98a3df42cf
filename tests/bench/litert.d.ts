/** What is used of LiteRT.js, which only `make bench` installs. */
declare module '@litertjs/core' {
  export class Tensor {
    constructor(data: Float32Array | Int32Array, shape: number[] | Int32Array);
    readonly type: { layout: { dimensions: number[] } };
    data(): Promise<Float32Array>;
    delete(): void;
  }
  export interface CompiledModel {
    readonly isFullyAccelerated: boolean;
    getInputDetails(): { name: string; shape: Int32Array }[];
    run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
    run(signature: string, inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  }
  export function loadLiteRt(
    folder: string,
    options: { threads?: boolean; jspi?: boolean },
  ): Promise<{ liteRtWasm: { HEAPU8: Uint8Array } }>;
  export function loadAndCompile(
    model: Uint8Array,
    options: {
      accelerator: 'wasm' | 'webgpu';
      cpuOptions: { numThreads: number };
      gpuOptions: { precision: 'fp16' | 'fp32' };
    },
  ): Promise<CompiledModel>;
}
