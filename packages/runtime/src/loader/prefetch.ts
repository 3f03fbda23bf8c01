/**
 * Prepares up to `depth` items while the current one is in use. Order and errors are the source's; an error is thrown
 * when its item is due. Leaving the loop early ends the source.
 */
export async function* prefetch<T>(source: AsyncIterable<T>, depth = 1): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const queue: Promise<IteratorResult<T>>[] = [];
  const fill = (): void => {
    while (queue.length < Math.max(1, depth)) {
      const item = iterator.next();
      item.catch(() => undefined); // thrown when the item is due, not as an unhandled rejection
      queue.push(item);
    }
  };
  try {
    for (;;) {
      fill();
      const item = await queue.shift()!;
      if (item.done) return;
      fill();
      yield item.value;
    }
  } finally {
    await iterator.return?.();
  }
}
