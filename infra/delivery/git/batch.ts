/** Items in groups, in their order: a small one first, because most questions end early, then larger ones. */
export async function* inBatches<T>(items: AsyncIterable<T>, first = 20, rest = 500): AsyncGenerator<readonly [T, ...T[]]> {
  let batch: T[] = [];
  let size = first;
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch as [T, ...T[]];
    [batch, size] = [[], rest];
  }
  if (batch.length > 0) yield batch as [T, ...T[]];
}
