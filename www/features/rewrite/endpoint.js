/** A language model at an endpoint of the user's own that speaks OpenAI's chat completions. */
import { CodedError } from '../../core/errors.js';
import { outsideUrl, request } from '../../core/outside.js';

const SHOWN = 200; // characters of a refusal
const MOST = 4e6; // bytes of an answer

/** The address that a text is sent to, or null if `url` is no endpoint. @param {string} url Without the ending `/chat/completions` @returns {string | null} */
export function completionsOf(url) {
  const parsed = outsideUrl(url);
  if (!parsed) return null;
  parsed.pathname = `${parsed.pathname.replace(/\/$/, '')}/chat/completions`;
  return parsed.href;
}

/**
 * @param {{url: string, model: string, key: string}} endpoint
 * @param {{instructions: string, schema: object}} rewriting @param {string} text @param {AbortSignal} signal
 * @returns {Promise<string>} What the model says
 */
export async function askEndpoint({ url, model, key }, { instructions, schema }, text, signal) {
  const address = completionsOf(url);
  if (!address) throw new CodedError('unreachable', url);
  const messages = [
    { role: 'system', content: instructions },
    { role: 'user', content: text },
  ];
  const formats = [
    { type: 'json_schema', json_schema: { name: 'statements', strict: true, schema } },
    { type: 'json_object' },
  ];
  const send = (/** @type {object} */ format) => {
    const body = JSON.stringify({ model, temperature: 0, messages, response_format: format });
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
    return request({ url: address, method: 'POST', headers, body, redirect: 'error', most: MOST }, signal);
  };
  let answer = await send(formats[0]);
  if ('status' in answer && [400, 422].includes(answer.status)) answer = await send(formats[1]); // not every server knows schemas
  if ('failure' in answer) throw new CodedError('unreachable', answer.failure);
  const { status, body } = answer;
  const said = await body.text();
  if (status < 200 || status > 299) throw new CodedError('refused', `${status} ${said.trim().slice(0, SHOWN)}`.trim());
  try {
    return String(JSON.parse(said).choices[0].message.content);
  } catch {
    throw new CodedError('bad-answer', 'it is no chat completion');
  }
}
