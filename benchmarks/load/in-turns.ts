// Question: how is much done a few at a time? Works through items with a bounded number under way.

/** Runs `work` for each item, at most `atOnce` at the same time. Rejects with the first failure. */
export async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const item = items[next];
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
