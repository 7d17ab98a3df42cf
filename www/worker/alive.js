/** Holds a lock, called as the worker is, as long as the worker lives; see client.js. */
navigator.locks?.request(self.name, () => new Promise(() => {}));
