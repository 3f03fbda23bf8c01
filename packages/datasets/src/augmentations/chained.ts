/** Applies changes of an image one after the other; none of them copies it. */
export function chained(
  image: Uint8Array,
  changes: readonly ((from: Uint8Array, to: Uint8Array) => void)[],
  out: Uint8Array,
): void {
  if (changes.length === 0) {
    out.set(image);
    return;
  }
  const between = [0, 1].slice(0, changes.length - 1).map(() => new Uint8Array(image.length));
  let from = image;
  changes.forEach((change, i) => {
    const to = i === changes.length - 1 ? out : between[i % 2]!;
    change(from, to);
    from = to;
  });
}
