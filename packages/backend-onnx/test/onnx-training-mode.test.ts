import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend, OnnxTeacher } from '../src/index.js';
import { makeNode, makeTensor, type NodeProto, type TensorProto } from '../src/onnx-model/proto.js';
import { buildModel, layer, SIZE, WIDTH, type BuiltGraph } from './graph-builder.js';
import { refusal } from './refusal.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const four = layer('four', 4);
const open = ({ nodes = [four.node], outputs = ['four'], constants = [], ...rest }: Partial<BuiltGraph>) =>
  OnnxTeacher.create(
    backend,
    buildModel({ nodes, outputs, constants: [four.constant, ...constants], ...rest }),
    {
      shown: 'm.onnx',
      images: [SIZE, SIZE, 3],
    },
  );

/** Two batches whose first image is the same. */
async function firstLogits(teacher: OnnxTeacher): Promise<readonly [number[], number[]]> {
  const size = SIZE * SIZE * 3;
  const batches = [255, 3].map((value) => {
    const data = new Uint8Array(3 * size).fill(value);
    for (let i = 0; i < size; i++) data[i] = (i * 37) % 256;
    return data;
  });
  const rows: number[][] = [];
  for (const data of batches) {
    const { logits } = await teacher.infer({ shape: [3, SIZE, SIZE, 3], data }, ['logits']);
    rows.push(Array.from(logits!.data).slice(0, 4));
  }
  return rows as [number[], number[]];
}

const vector = (name: string, value: (channel: number) => number): TensorProto =>
  makeTensor(
    name,
    Float32Array.from({ length: WIDTH }, (_, c) => value(c)),
  );
const averages = [
  vector('gamma', (c) => 1 + 0.1 * c),
  vector('beta', (c) => 0.1 * c),
  vector('mean', (c) => 0.2 * c - 0.3),
  vector('variance', (c) => 0.5 + 0.2 * c),
];
const norm = (outputs: readonly string[], attributes: Record<string, number> = {}): NodeProto[] => [
  makeNode('BatchNormalization', ['conv', 'gamma', 'beta', 'mean', 'variance'], outputs, attributes),
];
const inference = () => open({ norm: norm(['norm']), constants: averages });

describe('a batch normalization in training mode', () => {
  it.each<[string, Partial<BuiltGraph>]>([
    ['by its attribute', { norm: norm(['norm', 'm1', 'v1'], { training_mode: 1 }) }],
    ['by its attribute alone', { norm: norm(['norm'], { training_mode: 1 }), opset: 15 }],
    ['by its five outputs', { norm: norm(['norm', 'm1', 'v1', 'm2', 'v2']), opset: 9 }],
    [
      'with its statistics among the outputs',
      { norm: norm(['norm', 'm1', 'v1'], { training_mode: 1 }), outputs: ['four', 'm1'] },
    ],
  ])('%s takes its running averages, with a notice', async (_what, graph) => {
    const teacher = await open({ ...graph, constants: averages });
    expect(teacher.facts.notices.join()).toMatch(/training mode.*1 batch normalization takes its.*eval\(\)/);
    const [one, other] = await firstLogits(teacher);
    expect(one).toEqual(other);
    const [wanted] = await firstLogits(await inference());
    one.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  });

  it('may have copies of constants as averages', async () => {
    const copies = ['mean', 'variance'].map((name) => makeNode('Identity', [`${name}-once`], name));
    const [gamma, beta, mean, variance] = averages;
    const once = [mean!, variance!].map((tensor) => ({ ...tensor, name: `${tensor.name}-once` }));
    const teacher = await open({
      norm: [...copies, ...norm(['norm', 'm1', 'v1'], { training_mode: 1 })],
      constants: [gamma!, beta!, ...once],
    });
    const [wanted] = await firstLogits(await inference());
    (await firstLogits(teacher))[1].forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 5));
  });

  it('is refused without running averages', async () => {
    const none = [averages[0]!, averages[1]!, vector('mean', () => 0), vector('variance', () => 1)];
    const error = await refusal(
      open({ norm: norm(['norm', 'm1', 'v1'], { training_mode: 1 }), constants: none }),
    );
    expect(error.message).toMatch(/without running averages/);
    expect(error.detail.hint).toMatch(/eval\(\)/);
  });

  it('is refused where something reads its statistics', async () => {
    const nodes = [...norm(['n', 'm1', 'v1'], { training_mode: 1 }), makeNode('Sub', ['n', 'n'], 'zero')];
    const sum = [
      makeNode('ReduceMean', ['m1'], 'm', { keepdims: 1 }),
      makeNode('Add', ['zero', 'm'], 'norm'),
    ];
    const error = await refusal(open({ norm: [...nodes, ...sum], constants: averages }));
    expect(error.message).toMatch(/statistics of the batch/);
  });

  it('in inference mode stays as it is', async () => {
    expect((await inference()).facts.notices.join()).not.toMatch(/training/);
  });
});

describe('a dropout in training mode', () => {
  const ratio = makeTensor('ratio', Float32Array.of(0.5), []);
  const flag = (value: number): TensorProto => {
    const tensor = makeTensor('training', Uint8Array.of(value), []);
    tensor.dataType = 9;
    return tensor;
  };
  const dropped = (value: number) =>
    open({
      nodes: [makeNode('Dropout', ['flat', 'ratio', 'training'], 'kept'), layer('four', 4, 'kept').node],
      constants: [ratio, flag(value)],
    });

  it('is left out, with a notice', async () => {
    const teacher = await dropped(1);
    expect(teacher.facts.notices.join()).toMatch(/training mode.*1 dropout is left out/);
    expect(await firstLogits(teacher)).toEqual(await firstLogits(await open({})));
  });

  it('that does not drop stays', async () => {
    expect((await dropped(0)).facts.notices.join()).not.toMatch(/training/);
  });
});

describe('a classifier whose outputs depend on more than the image', () => {
  it.each<[string, Partial<BuiltGraph>, RegExp]>([
    [
      'the mean of the batch',
      {
        norm: [makeNode('ReduceMean', ['conv'], 'm', { axes: [0] }), makeNode('Sub', ['conv', 'm'], 'norm')],
      },
      /other images of the batch/,
    ],
    [
      'mean and deviation of the batch',
      {
        norm: [
          makeNode('ReduceMean', ['conv'], 'm', { axes: [0, 2, 3] }),
          makeNode('Sub', ['conv', 'm'], 'centered'),
          makeNode('Mul', ['centered', 'centered'], 'squared'),
          makeNode('ReduceMean', ['squared'], 'v', { axes: [0, 2, 3] }),
          makeNode('Sqrt', ['v'], 'deviation'),
          makeNode('Div', ['centered', 'deviation'], 'norm'),
        ],
      },
      /other images of the batch/,
    ],
    [
      'the mean of a fixed batch',
      {
        batch: 4,
        norm: [makeNode('ReduceMean', ['conv'], 'm', { axes: [0] }), makeNode('Sub', ['conv', 'm'], 'norm')],
      },
      /other images of the batch/,
    ],
    [
      'random numbers',
      { norm: [makeNode('RandomNormalLike', ['conv'], 'noise'), makeNode('Add', ['conv', 'noise'], 'norm')] },
      /random/,
    ],
  ])('is refused: %s', async (_what, graph, message) => {
    const error = await refusal(open(graph));
    expect(error.message).toMatch(message);
    expect(error.detail.hint).toMatch(/eval\(\)/);
  });

  it('is accepted where scales of 8-bit values follow the batch', async () => {
    const codes = makeTensor(
      'codes',
      Int8Array.from({ length: 4 * WIDTH }, (_, i) => ((i * 53) % 255) - 127),
      [WIDTH, 4],
    );
    const nodes = [
      makeNode('DynamicQuantizeLinear', ['flat'], ['q', 'scale', 'zero']),
      makeNode('MatMulInteger', ['q', 'codes', 'zero'], 'product'),
      makeNode('Cast', ['product'], 'as-float', { to: 1 }),
      makeNode('Mul', ['as-float', 'scale'], 'four'),
    ];
    const teacher = await open({ nodes, constants: [codes] });
    expect(teacher.facts.classes).toBe(4);
    const [one, other] = await firstLogits(teacher);
    expect(one).not.toEqual(other); // by rounding alone
  });

  it('is accepted with a fixed batch of one, which has no other images', async () => {
    const mean = [
      makeNode('ReduceMean', ['conv'], 'm', { axes: [0, 2, 3] }),
      makeNode('Sub', ['conv', 'm'], 'norm'),
    ];
    expect((await open({ norm: mean, batch: 1 })).facts.classes).toBe(4);
  });
});
