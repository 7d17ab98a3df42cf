/**
 * One request to another site, when a person has said so.
 *
 * The page's policy forbids it any other site. So the request is made by a document of its own, outside.html, whose policy
 * allows it, in a sandbox without the page's origin: what it gets is one message. A sandboxed document has no service worker,
 * so it is not there offline, and has only the host's headers: where they do not isolate it, an isolated page can open it only
 * without credentials.
 */
const DOCUMENT = new URL('core/outside.html', document.baseURI).href;

/**
 * The address of another site, or null for what is none: elsewhere than on this device a request has to be encrypted.
 *
 * @param {string} text @returns {URL | null}
 */
export function outsideUrl(text) {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  const loopback = url?.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  return loopback || url?.protocol === 'https:' ? url : null;
}

/**
 * @typedef {object} Request
 * @property {string} url @property {number} most Bytes that an answer may have
 * @property {'GET' | 'POST'} method @property {Record<string, string>} [headers] @property {string} [body]
 * @property {'error' | 'follow'} redirect Whether the site may send the request on to another one
 *
 * @typedef {{status: number, body: Blob} | {failure: string, tooLong?: boolean}} Answer
 */

/** @param {Request} message @param {AbortSignal} signal Closes the document, and with it the request @param {(received: number) => void} [onReceived] Bytes so far @returns {Promise<Answer>} */
export async function request(message, signal, onReceived) {
  signal.throwIfAborted();
  const frame = Object.assign(document.createElement('iframe'), { src: DOCUMENT, hidden: true });
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.setAttribute('credentialless', '');
  frame.setAttribute('allow', 'local-network-access');
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    port1.onmessage = ({ data }) => ('received' in data ? onReceived?.(data.received) : resolve(data));
    frame.addEventListener('load', () => frame.contentWindow?.postMessage(message, '*', [port2]), { once: true }); // no origin can be named; `frame-src` keeps other documents out
    document.body.append(frame);
  }).finally(() => {
    frame.remove();
    port1.close();
  });
}
