/**
 * One request to another site, made only when a person has asked for it.
 *
 * The page's content policy forbids requests to any other site. So this one is made by a document of its own,
 * outside.html, whose policy allows it, in a sandbox without the page's origin, which gets a single message. A
 * sandboxed document has no service worker, so it is not available offline, and only the host's headers can isolate it.
 * If they do not, an isolated page can embed it only as a `credentialless` frame.
 */
const DOCUMENT = new URL('core/outside.html', document.baseURI).href;

/**
 * The address of another site, or null if the text is none. It has to be https, except on this device.
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
    frame.addEventListener('load', () => frame.contentWindow?.postMessage(message, '*', [port2]), { once: true }); // a sandboxed document has no origin to name; `frame-src` keeps other documents out
    document.body.append(frame);
  }).finally(() => {
    frame.remove();
    port1.close();
  });
}
