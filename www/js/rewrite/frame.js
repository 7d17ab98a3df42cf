/** Sends one text for the page that opened this document, and answers on the port that came with it: `{status, text}`, or `{failure}`. */
addEventListener('message', async ({ data: { url, key, body }, source, ports: [port] }) => {
  if (source !== parent) return;
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', credentials: 'omit', cache: 'no-store' });
    port.postMessage({ status: response.status, text: await response.text() });
  } catch (error) {
    port.postMessage({ failure: error.message });
  }
}, { once: true });
