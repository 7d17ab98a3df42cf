/** Holds a lock, called as the worker is, as long as the worker lives, and says so once it has it; see client.js. */
navigator.locks?.request(self.name, () => {
  postMessage({ type: 'alive' });
  return new Promise(() => {});
});
