import { PAPER_RESNET_OPTIONS } from '@anc/methods';

/** What of a comparison stands in a row: the teacher, or a method as `--methods` writes it. */
export type Cell = 'teacher' | { readonly method: string };

/** A row of one of the paper's tables. */
export interface PaperRow {
  readonly label: string;
  /** Test error as printed, in per cent: top-1, and for ImageNet top-5. */
  readonly error: number;
  readonly top5?: number;
  /** What we run for it; null where the program has no such run. */
  readonly run: Cell | null;
  readonly note?: string;
}

/** The rows of one pair of networks on one data set: one teacher, every method beside each other. */
export interface PaperGroup {
  readonly dataset: string;
  readonly teacher: string;
  readonly student: string;
  /** Options of both networks. */
  readonly modelOptions?: Readonly<Record<string, unknown>>;
  readonly rows: readonly PaperRow[];
}

export interface PaperTable {
  readonly title: string;
  readonly groups: readonly PaperGroup[];
}

const COPIED = 'the paper copied this figure from its publication, with a network of its own';

const adversarial = (options = ''): Cell => ({
  method: options === '' ? 'adversarial' : `adversarial(${options})`,
});
const method = (text: string): Cell => ({ method: text });

const resnets = { teacher: 'resnet164', student: 'resnet20', modelOptions: PAPER_RESNET_OPTIONS } as const;
const cifar10 = { dataset: 'cifar10', ...resnets } as const;
const cifar100 = { dataset: 'cifar100', ...resnets } as const;
const svhn = { dataset: 'svhn', ...resnets } as const;
const fashion = { dataset: 'fashion-mnist', teacher: 'nin', student: 'lenet4' } as const;

const discriminators = (errors: Readonly<Record<string, number>>): PaperRow[] =>
  Object.entries(errors).map(([name, error]) => ({
    label: `D ${name}`,
    error,
    run: adversarial(`discriminator=${name}`),
  }));

const regularizers = (none: number, l1: number, l2: number, samples: number): PaperRow[] => [
  { label: 'without regularization', error: none, run: adversarial('regularizer=none') },
  { label: 'L1', error: l1, run: adversarial('regularizer=l1') },
  { label: 'L2', error: l2, run: adversarial('regularizer=l2') },
  { label: 'adversarial samples', error: samples, run: adversarial() },
];

const components = (
  teacher: number,
  supervised: number,
  logits: readonly [plain: number, dropped: number],
  features: readonly [plain: number, dropped: number],
): PaperRow[] => [
  { label: 'supervised teacher', error: teacher, run: 'teacher' },
  { label: 'supervised student', error: supervised, run: method('supervised') },
  { label: 'D on logits', error: logits[0], run: adversarial('input=logits, dropout=0') },
  { label: 'D on logits, dropout', error: logits[1], run: adversarial('input=logits') },
  { label: 'D on features', error: features[0], run: adversarial('dropout=0') },
  { label: 'D on features, dropout', error: features[1], run: adversarial() },
];

/** Hinton's distillation as the paper ran it, with labels; the weight of the hard loss is unstated, 0.1 is ours. */
const hinton = (error: number): PaperRow => ({
  label: 'Hinton et al., labels',
  error,
  run: method('kd(hardWeight=0.1)'),
});
const l2 = (error: number): PaperRow => ({ label: 'L2, Ba & Caruana', error, run: method('l2') });
const ours = (error: number): PaperRow => ({ label: 'adversarial, complete', error, run: adversarial() });
const copied = (label: string, error: number, name: string): PaperRow => ({
  label,
  error,
  run: method(name),
  note: COPIED,
});

const imagenet = (student: string, rows: readonly PaperRow[]): PaperGroup => ({
  dataset: 'imagenet',
  teacher: 'resnet152',
  student,
  rows,
});

/** Tables 1 to 10 of arXiv 1803.10750: which runs each of them needs, and what the paper found. */
export const tables = {
  table1: {
    title: 'Discriminators, CIFAR-100',
    groups: [
      {
        ...cifar100,
        rows: discriminators({
          '128-256-128': 32.45,
          '64-128-256': 32.78,
          '256-256': 32.82,
          '256-128-64': 33.05,
          '64-128-128-64': 33.09,
          '500-500': 33.28,
          '256-256-64': 33.46,
          '64-64': 33.51,
          '128conv-256conv': 33.68,
          '128-128-128': 33.72,
        }),
      },
    ],
  },
  table2: {
    title: 'Regularizers of the discriminator',
    groups: [
      { ...cifar10, rows: regularizers(10.07, 8.19, 8.16, 8.08) },
      { ...cifar100, rows: regularizers(34.1, 33.36, 33.02, 32.45) },
      { ...svhn, rows: regularizers(3.73, 3.67, 3.68, 3.66) },
      { ...fashion, rows: regularizers(9.62, 8.91, 8.75, 8.64) },
    ],
  },
  table3: {
    title: 'Components, CIFAR-10',
    groups: [{ ...cifar10, rows: components(6.57, 8.58, [8.31, 8.1], [8.1, 8.08]) }],
  },
  table4: {
    title: 'Components, CIFAR-100',
    groups: [{ ...cifar100, rows: components(27.76, 33.36, [33.96, 33.41], [33.4, 32.45]) }],
  },
  table5: {
    title: 'Components, SVHN',
    groups: [{ ...svhn, rows: components(3.98, 4.2, [3.74, 3.81], [3.74, 3.66]) }],
  },
  table6: {
    title: 'Components, Fashion-MNIST',
    groups: [{ ...fashion, rows: components(7.98, 8.77, [8.9, 8.84], [8.86, 8.61]) }],
  },
  table7: {
    title: 'Other systems, CIFAR-10 and CIFAR-100',
    groups: [
      {
        ...cifar10,
        rows: [
          l2(9.07),
          hinton(8.88),
          copied('trained ternary quantization', 8.87, 'ttq'),
          copied('FitNets', 8.39, 'fitnets'),
          copied('BinaryConnect', 8.27, 'binaryconnect'),
          copied('flow of the solution, Yim et al.', 11.3, 'fsp'),
          ours(8.08),
        ],
      },
      {
        ...cifar100,
        rows: [
          copied('flow of the solution, Yim et al.', 36.67, 'fsp'),
          copied('FitNets', 35.04, 'fitnets'),
          hinton(33.34),
          l2(32.79),
          ours(32.45),
        ],
      },
    ],
  },
  table8: {
    title: 'Other systems, SVHN and Fashion-MNIST',
    groups: [
      { ...svhn, rows: [l2(3.75), hinton(3.66), ours(3.66)] },
      { ...fashion, rows: [l2(8.89), hinton(8.71), ours(8.64)] },
    ],
  },
  table9: {
    title: 'Components, ImageNet',
    groups: [
      imagenet('resnet18', [
        { label: 'supervised teacher', error: 27.63, top5: 5.9, run: 'teacher' },
        { label: 'supervised student', error: 43.33, top5: 20.11, run: method('supervised') },
        { label: 'D on features', error: 33.31, top5: 11.96, run: adversarial('dropout=0') },
        { label: 'D on features, dropout', error: 32.89, top5: 11.72, run: adversarial() },
      ]),
    ],
  },
  table10: {
    title: 'Other systems, ImageNet',
    groups: [
      imagenet('resnet50', [
        { label: 'supervised teacher', error: 27.63, top5: 5.9, run: 'teacher' },
        { label: 'supervised student', error: 30.3, top5: 10.61, run: method('supervised') },
        { label: 'L2, Ba & Caruana', error: 27.99, top5: 9.46, run: method('l2') },
        { label: 'adversarial, complete', error: 27.48, top5: 8.75, run: adversarial() },
      ]),
      imagenet('resnet18', [
        { label: 'XNOR-Net', error: 48.8, top5: 26.8, run: method('xnor'), note: COPIED },
        { label: 'Binary-Weight-Network', error: 39.2, top5: 17, run: method('bwn'), note: COPIED },
        { label: 'L2, Ba & Caruana', error: 33.28, top5: 11.86, run: method('l2') },
        { label: 'adversarial, complete', error: 32.89, top5: 11.72, run: adversarial() },
      ]),
      imagenet('mobilenet', [
        { label: 'MobileNet v1, labels', error: 29.27, top5: 10.51, run: method('supervised'), note: COPIED },
      ]),
    ],
  },
} as const satisfies Record<string, PaperTable>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as readonly TableName[];

/** The methods of a group, each once, as `--methods` takes them. */
export const methodsOf = ({ rows }: PaperGroup): string[] => [
  ...new Set(rows.flatMap(({ run }) => (run === null || run === 'teacher' ? [] : [run.method]))),
];
