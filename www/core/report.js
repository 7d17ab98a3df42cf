/** The report of a crash, for a person to copy. It holds nothing of an image, and no text that a person typed or named a file by. */
import { build } from './build.js';

/** Texts that a person may have typed or named a file by. @param {import('./state.js').State} state */
function wordsOf({ picture, wanted, compare, series, findings, removed, folder }) {
  const names = [picture, wanted, compare?.picture]
    .map((image) => image?.name)
    .filter((name) => typeof name === 'string');
  return [
    ...names,
    ...(series?.rows ?? []).map(({ name }) => name),
    ...findings,
    ...removed,
    ...(folder.kind === 'disk' ? [folder.name] : []),
  ].filter(Boolean);
}

/** @param {import('./errors.js').Known} error @param {import('./state.js').State} state */
export function reportOf({ code, message, stack, jobs = [] }, state) {
  const { device, info, folder, model } = state;
  const lines = {
    Error: `${code}: ${message}`,
    Doing: jobs.join(', ') || 'nothing',
    Build: build() || 'unknown',
    Model:
      folder.kind === 'site'
        ? `${info?.name ?? 'none yet'} ${info?.version ?? ''} (${model})`
        : `from this device (${model})`,
    Device: [device?.kind ?? 'none yet', info?.device.name].filter(Boolean).join(', '),
    Browser: `${navigator.userAgent}, ${navigator.hardwareConcurrency} cores`,
    Stack: stack || 'none',
  };
  const text = Object.entries(lines)
    .map(([name, value]) => `${name}: ${value.trim()}`)
    .join('\n')
    .replaceAll(`${location.origin}/`, '');
  return wordsOf(state)
    .sort((a, b) => b.length - a.length)
    .reduce((told, word) => told.replaceAll(word, '[…]'), text);
}
