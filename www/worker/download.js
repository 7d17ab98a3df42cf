/** Downloads of a model's files. Runs in the worker. */
import { CodedError } from '../core/errors.js';

const WAITS_MS = [500, 1500, 4500]; // before a download that broke off is resumed

/** A response with what was asked for; throws 'not-found' and 'network'. @param {string} url @param {Record<string, string>} [headers] @returns {Promise<Response>} */
export async function get(url, headers) {
  const name = new URL(url).pathname.split('/').slice(-3).join('/');
  const response = await fetch(url, { cache: 'no-cache', headers }).catch(() => {
    throw new CodedError('network', `${name} could not be fetched. Is the connection up?`);
  });
  if ([403, 404, 410].includes(response.status))
    throw new CodedError('not-found', `${name} is not there (HTTP ${response.status}).`);
  if (!response.ok)
    throw new CodedError('network', `${name} could not be fetched (HTTP ${response.status}).`, {
      cause: response.status,
    });
  return response;
}

/**
 * A whole file. A download that breaks off is resumed, until several attempts in a row bring nothing more.
 *
 * @param {string} url @param {number} bytes The size that the manifest promises.
 * @param {(received: number) => void} onReceived
 */
export async function download(url, bytes, onReceived) {
  const data = new Uint8Array(bytes);
  let [received, furthest, failures, tag] = [0, 0, 0, ''];
  for (;;) {
    try {
      const response = await get(url, received ? { range: `bytes=${received}-`, ...(tag && { 'if-range': tag }) } : {});
      if (response.status !== 206) received = 0; // the server sends all of it
      tag = response.headers.get('etag')?.match(/^".*"$/)?.[0] ?? ''; // a weak one does not promise the same bytes
      const reader = response.body?.getReader();
      if (!reader) throw new CodedError('network', 'The download broke off.');
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return data.subarray(0, received);
        if (received + value.length > bytes)
          throw new CodedError('bad-file', `${url} is longer than its manifest says.`);
        data.set(value, received);
        onReceived((received += value.length));
      }
    } catch (error) {
      const known = error instanceof CodedError ? error : new CodedError('network', 'The download broke off.');
      if (received > furthest) [furthest, failures] = [received, 0];
      if (known.code !== 'network' || Number(known.cause) < 500 || failures === WAITS_MS.length) throw known;
      await new Promise((resolve) => {
        setTimeout(resolve, WAITS_MS[failures++]);
      });
    }
  }
}
