/** The language model that a browser may have of its own (the Prompt API): it works on the device. */

import { CodedError } from '../../core/errors.js';

const LANGUAGES = {
  expectedInputs: [{ type: 'text', languages: ['en', 'ja', 'es'] }],
  expectedOutputs: [{ type: 'text', languages: ['en'] }],
};

/** @typedef {{prompt(text: string, options: object): Promise<string>, destroy(): void}} Chat */
/** @type {() => {availability(options: object): Promise<string>, create(options: object): Promise<Chat>} | undefined} */
const model = () => Reflect.get(globalThis, 'LanguageModel');

/** Whether the browser has one; `fetched`: the browser downloads it first. @returns {Promise<'' | 'ready' | 'fetched'>} */
export async function builtIn() {
  const availability =
    (await model()
      ?.availability(LANGUAGES)
      .catch(() => 'unavailable')) ?? 'unavailable';
  if (availability === 'unavailable') return '';
  return availability === 'available' ? 'ready' : 'fetched';
}

/** @param {{instructions: string, schema: object}} rewriting @param {string} text @param {AbortSignal} signal @returns {Promise<string>} What the model says */
export async function askBuiltIn({ instructions, schema }, text, signal) {
  const session = await model()?.create({
    ...LANGUAGES,
    initialPrompts: [{ role: 'system', content: instructions }],
    signal,
  });
  if (!session) throw new CodedError('unreachable', 'the browser has no language model');
  try {
    return await session.prompt(text, { responseConstraint: schema, signal });
  } finally {
    session.destroy();
  }
}
