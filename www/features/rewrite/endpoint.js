/**
 * A language model at an endpoint of the user's own that speaks OpenAI's chat completions.
 *
 * The page's policy forbids it any other site. So the request is made by a document of its own, frame.html, whose policy
 * allows it, in a sandbox without the page's origin: what it gets is one message, and that holds text only. A sandboxed
 * document has no service worker, so it is not there offline, and has only the host's headers: where they do not isolate
 * it, an isolated page can open it only without credentials.
 */
import { CodedError } from '../../core/errors.js';

const FRAME = new URL('features/rewrite/frame.html', document.baseURI).href;
const SHOWN = 200; // characters of a refusal

/** What is sent, or null for what is no endpoint: elsewhere than on this device it has to be encrypted. @param {string} url Up to and without `/chat/completions` @returns {string | null} */
export function completionsOf(url) {
  const parsed = URL.canParse(url.trim()) ? new URL(url.trim()) : null;
  const loopback = parsed?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(parsed.hostname);
  if (!loopback && parsed?.protocol !== 'https:') return null;
  parsed.pathname = `${parsed.pathname.replace(/\/$/, '')}/chat/completions`;
  return parsed.href;
}

/** @param {object} request `{url, key, body}` @param {AbortSignal} signal Closes the frame, and with it the request @returns {Promise<{status: number, text: string} | {failure: string}>} */
async function post(request, signal) {
  signal.throwIfAborted();
  const frame = Object.assign(document.createElement('iframe'), { src: FRAME, hidden: true });
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.setAttribute('credentialless', '');
  frame.setAttribute('allow', 'local-network-access');
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    port1.onmessage = ({ data }) => resolve(data);
    frame.addEventListener('load', () => frame.contentWindow?.postMessage(request, '*', [port2]), { once: true }); // no origin can be named; `frame-src` keeps other documents out
    document.body.append(frame);
  }).finally(() => {
    frame.remove();
    port1.close();
  });
}

/**
 * @param {{url: string, model: string, key: string}} endpoint
 * @param {{instructions: string, schema: object}} rewriting @param {string} text @param {AbortSignal} signal
 * @returns {Promise<string>} What the model says
 */
export async function askEndpoint({ url, model, key }, { instructions, schema }, text, signal) {
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
    return post({ url: completionsOf(url), key, body }, signal);
  };
  let answer = await send(formats[0]);
  if ('status' in answer && [400, 422].includes(answer.status)) answer = await send(formats[1]); // not every server knows schemas
  if ('failure' in answer) throw new CodedError('unreachable', answer.failure);
  const { status, text: said } = answer;
  if (status < 200 || status > 299) throw new CodedError('refused', `${status} ${said.trim().slice(0, SHOWN)}`.trim());
  try {
    return String(JSON.parse(said).choices[0].message.content);
  } catch {
    throw new CodedError('bad-answer', 'it is no chat completion');
  }
}
