import {
  classification,
  conv2d,
  Dataset,
  definePlugin,
  LayeredNetwork,
  PLUGIN_API_VERSION,
  relu,
  Rng,
  tap,
  type DatasetSplit,
  type HostTensor,
  type Measurement,
  type SplitName,
  type Task,
} from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { z } from 'zod';

/** Intersection over union of each class, over all pixels that were added. */
class Intersections implements Measurement {
  readonly #both: number[];
  readonly #either: number[];
  #wrong = 0;
  #pixels = 0;

  constructor(readonly classes: number) {
    this.#both = new Array<number>(classes).fill(0);
    this.#either = new Array<number>(classes).fill(0);
  }

  add(logits: HostTensor, targets: Int32Array): void {
    const predicted = classification.predict(logits);
    targets.forEach((target, i) => {
      const own = predicted[i]!;
      this.#pixels++;
      this.#either[own]!++;
      if (own === target) this.#both[own]!++;
      else {
        this.#either[target]!++;
        this.#wrong++;
      }
    });
  }

  result(): { 'mean-iou': number; 'pixel-error': number } {
    const shares = this.#either.flatMap((either, c) => (either === 0 ? [] : [this.#both[c]! / either]));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    return { 'mean-iou': mean, 'pixel-error': this.#wrong / this.#pixels };
  }
}

/** One class per pixel: everything but shapes and metrics is that of classification, on more axes. */
export const segmentation: Task = {
  ...classification,
  name: 'segmentation',
  outputs: ({ input: [height, width], classes }) => [height!, width!, classes],
  targets: ({ input: [height, width] }) => [height!, width!],
  metrics: [
    { name: 'mean-iou', label: 'mean IoU', better: 'higher' },
    { name: 'pixel-error', better: 'lower' },
  ],
  batchMetrics: (logits, targets) => ({
    'pixel-error': classification.batchMetrics(logits, targets)['error']!,
  }),
  measure: ({ classes }) => new Intersections(classes),
};

const SIDE = 8;

/** Drawn scenes: a bright box and a middling stripe on a dark ground, with a mask of the three. */
export class Scenes extends Dataset {
  readonly name = 'scenes';
  readonly shape = [SIDE, SIDE, 1] as const;
  readonly classes = ['ground', 'box', 'stripe'];
  override readonly task: string = 'segmentation';
  /** How often masks were opened. */
  opened = 0;

  split(name: SplitName): Promise<DatasetSplit> {
    const count = name === 'train' ? 96 : 16;
    const rng = Rng.fromSeed(7).split('scenes', name);
    const pixels = new Uint8Array(count * SIDE * SIDE);
    const masks = new Int32Array(pixels.length);
    for (let i = 0; i < count; i++) {
      const [top, left, row] = [rng.int(SIDE - 3), rng.int(SIDE - 3), rng.int(SIDE)];
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const isBox = y >= top && y < top + 3 && x >= left && x < left + 3;
          const at = (i * SIDE + y) * SIDE + x;
          masks[at] = isBox ? 1 : y === row ? 2 : 0;
          pixels[at] = [20, 200, 110][masks[at]]! + rng.int(40);
        }
      }
    }
    const size = SIDE * SIDE;
    return Promise.resolve({
      images: new MemoryImages(pixels, this.shape),
      labels: null,
      targets: () => {
        this.opened++;
        return Promise.resolve({
          shape: [SIDE, SIDE],
          read: (indices, out) =>
            indices.forEach((index, i) =>
              out.set(masks.subarray(index * size, (index + 1) * size), i * size),
            ),
        });
      },
    });
  }
}

/** Convolutions that keep the plane: x [B, H, W, C] -> logits [B, H, W, classes], features [B, H, W, width]. */
const segNet = (width: number, classes: number): LayeredNetwork =>
  new LayeredNetwork(`seg-net(${width})`, classes, [
    conv2d('conv1', { kernelSize: 3, filters: width }),
    relu('relu1'),
    tap('features'),
    conv2d('logits', { kernelSize: 1, filters: classes }),
  ]);

const width = z.strictObject({ width: z.int().min(1).default(4) });

export const segmentationPlugin = definePlugin({
  name: 'anc-plugin-segmentation',
  apiVersion: PLUGIN_API_VERSION,
  tasks: {
    segmentation: {
      summary: 'one class per pixel, measured by mean IoU',
      options: z.strictObject({}),
      create: () => segmentation,
    },
  },
  datasets: {
    scenes: { generated: true, options: z.strictObject({}), create: () => new Scenes() },
  },
  models: {
    'seg-net': {
      summary: 'convolutions that keep the plane',
      options: width,
      task: 'segmentation',
      input: [SIDE, SIDE, 1],
      classes: 3,
      create: (options: z.infer<typeof width>, { classes }) => segNet(options.width, classes),
    },
  },
});
