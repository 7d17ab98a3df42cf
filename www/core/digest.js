/** @param {string} text @returns {Promise<string>} SHA-256, in hexadecimal */
export async function digestOfText(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
