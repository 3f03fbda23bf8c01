import { targetsOf, type DatasetSplit, type TargetSource } from '@anc/core';

/** For each class of a dataset, the class that takes its place; null where every class stays what it is. */
export type ClassMap = Int32Array | null;

/** A split with other class indices, in labels and masks alike. A value that is no class stays as it is. */
export function relabeledSplit(split: DatasetSplit, map: ClassMap): DatasetSplit {
  if (map === null) return split;
  const { images, labels } = split;
  const place = (values: Int32Array): Int32Array => values.map((value) => map[value] ?? value);
  if (labels !== null) return { images, labels: async () => place(await labels()) };
  const targets = targetsOf(split);
  if (targets === null) return split;
  const relabeled = async (): Promise<TargetSource> => {
    const source = await targets();
    return {
      shape: source.shape,
      async read(indices, out) {
        await source.read(indices, out);
        out.set(place(out));
      },
    };
  };
  return { images, labels: null, targets: relabeled };
}
