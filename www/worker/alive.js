/** Holds a lock by the worker's name as long as the worker lives, and tells the page once it has it; see client.js. */
navigator.locks?.request(self.name, () => {
  postMessage({ type: 'alive' });
  return new Promise(() => {});
});
