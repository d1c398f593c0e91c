// One round of the host's event loop: everything that promises had to do is done when it is over.

/** Resolves in a later macrotask. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
