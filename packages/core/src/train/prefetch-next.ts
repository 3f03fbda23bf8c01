/**
 * Requests the next item before the current one is consumed, so that preparing a batch overlaps with the step that
 * runs. An error surfaces where its item would have.
 */
export async function* prefetchNext<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done === true) return;
      next = iterator.next();
      next.catch(() => undefined); // awaited in the next iteration; a consumer that stops early must not crash
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined);
    await iterator.return?.();
  }
}
