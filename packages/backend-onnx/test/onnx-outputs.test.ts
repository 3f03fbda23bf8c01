import { Rng } from '@anc/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend, OnnxTeacher, type OnnxTeacherRequest } from '../src/index.js';
import { makeNode, makeTensor, onnx, type ValueInfoProto } from '../src/onnx-model/proto.js';
import { buildModel, floats, layer, SIZE, WIDTH, type BuiltGraph } from './graph-builder.js';
import { refusal } from './refusal.js';

let backend: OnnxBackend;
beforeAll(async () => {
  backend = await OnnxBackend.create({ runtime: 'web', threads: 1 });
});
afterAll(() => backend.dispose());

const open = (graph: BuiltGraph, rest: Partial<OnnxTeacherRequest> = {}): Promise<OnnxTeacher> =>
  OnnxTeacher.create(backend, buildModel(graph), { shown: 'm.onnx', images: [SIZE, SIZE, 3], ...rest });

const rng = Rng.fromSeed(9);
const COUNT = 4;
const images = Uint8Array.from({ length: COUNT * SIZE * SIZE * 3 }, () => rng.int(256));
const rowsOf = async (teacher: OnnxTeacher, count = COUNT): Promise<number[][]> => {
  const data = images.slice(0, count * SIZE * SIZE * 3);
  const { logits } = await teacher.infer({ shape: [count, SIZE, SIZE, 3], data }, ['logits']);
  const width = logits!.shape[1]!;
  expect(logits!.shape).toEqual([count, width]);
  return Array.from({ length: count }, (_, i) => Array.from(logits!.data).slice(i * width, (i + 1) * width));
};

const z = layer('z', 1);
/** The logit itself, by the tensor's name among two copies of it. */
const logits = async (): Promise<number[]> => {
  const pair = makeNode('Concat', ['z', 'z'], 'pair', { axis: 1 });
  const teacher = await open({ nodes: [z.node, pair], constants: [z.constant], outputs: ['pair'] });
  return (await rowsOf(teacher)).map(([value]) => value!);
};
const axes = makeTensor('axes', BigInt64Array.of(1n));
const one = makeTensor('one', Float32Array.of(1), []);
const sigmoid = [
  makeNode('Neg', ['z'], 'neg'),
  makeNode('Exp', ['neg'], 'exp'),
  makeNode('Add', ['exp', 'one'], 'sum'),
  makeNode('Div', ['one', 'sum'], 'p'),
];

describe('one output per image', () => {
  it.each<[string, BuiltGraph]>([
    ['a sigmoid', { nodes: [z.node, makeNode('Sigmoid', ['z'], 'p')], outputs: [floats('p', ['N', 1])] }],
    [
      'a sigmoid without the second axis',
      {
        nodes: [z.node, makeNode('Sigmoid', ['z'], 'p1'), makeNode('Squeeze', ['p1', 'axes'], 'p')],
        outputs: [floats('p', ['N'])],
        constants: [axes],
      },
    ],
    [
      'a sigmoid that drops the batch axis of one image',
      { nodes: [z.node, makeNode('Sigmoid', ['z'], 'p1'), makeNode('Squeeze', ['p1'], 'p')], outputs: ['p'] },
    ],
    [
      'a sigmoid of a fixed batch of one, a mere number',
      {
        nodes: [z.node, makeNode('Sigmoid', ['z'], 'p1'), makeNode('Squeeze', ['p1'], 'p')],
        outputs: ['p'],
        batch: 1,
      },
    ],
    [
      'a sigmoid of a fixed batch of three',
      { nodes: [z.node, makeNode('Sigmoid', ['z'], 'p')], outputs: [floats('p', [3, 1])], batch: 3 },
    ],
    ['a logit', { nodes: [z.node], outputs: [floats('z', ['N', 1])] }],
    [
      'a logit without the second axis',
      { nodes: [z.node, makeNode('Squeeze', ['z', 'axes'], 'p')], outputs: ['p'], constants: [axes] },
    ],
    [
      'a logit after something nonlinear',
      {
        nodes: [z.node, makeNode('Add', ['z', 'z'], 'two'), makeNode('Sub', ['two', 'z'], 'p')],
        outputs: ['p'],
      },
    ],
  ])('%s: two classes with the logits 0 and z', async (_what, graph) => {
    const teacher = await open({ ...graph, constants: [z.constant, ...(graph.constants ?? [])] });
    expect(teacher.outputs.logits).toEqual([2]);
    expect(teacher.facts.classes).toBe(2);
    expect(teacher.facts.notices.join()).toMatch(/one output per image.*logits 0 and z/);
    const wanted = await logits();
    for (const [i, [none, value]] of (await rowsOf(teacher)).entries()) {
      expect(none).toBeCloseTo(0, 12);
      expect(value).toBeCloseTo(wanted[i]!, 5);
    }
    expect((await rowsOf(teacher, 1))[0]![1]).toBeCloseTo(wanted[0]!, 5);
  });

  it.each([7, 17])('between 0 and 1 without a sigmoid node is a probability, at opset %i', async (opset) => {
    const nodes = [z.node, ...sigmoid];
    const teacher = await open({ nodes, constants: [z.constant, one], outputs: ['p'], opset });
    expect(teacher.facts.notices.join()).toMatch(/probability p .*log\(1 - p\) and log\(p\)/);
    const wanted = await logits();
    for (const [i, [other, own]] of (await rowsOf(teacher)).entries()) {
      const p = 1 / (1 + Math.exp(-wanted[i]!));
      expect(other).toBeCloseTo(Math.log(1 - p), 4);
      expect(own).toBeCloseTo(Math.log(p), 4);
    }
  });

  it('after a function that leaves 0 to 1 is a logit, whatever its values', async () => {
    const halved = [makeNode('Mul', ['z', 'z'], 'square'), makeNode('Tanh', ['square'], 'p')];
    const teacher = await open({ nodes: [z.node, ...halved], constants: [z.constant], outputs: ['p'] });
    expect(teacher.facts.notices.join()).toMatch(/logits 0 and z/);
    for (const [none, value] of await rowsOf(teacher)) {
      expect(none).toBe(0);
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  it('that is exactly 0 or 1 has finite logits', async () => {
    const step = [makeNode('Greater', ['z', 'none'], 'above'), makeNode('Cast', ['above'], 'p', { to: 1 })];
    const none = makeTensor('none', Float32Array.of(0), []);
    const teacher = await open({ nodes: [z.node, ...step], constants: [z.constant, none], outputs: ['p'] });
    for (const row of await rowsOf(teacher)) {
      expect([...row].sort((a, b) => a - b)).toEqual([
        expect.closeTo(Math.log(1e-7), 3),
        expect.closeTo(0, 6),
      ]);
    }
  });

  it('takes two names of classes, and keeps none of fewer', async () => {
    const graph = { nodes: [z.node], constants: [z.constant], outputs: ['z'] };
    const named = await open({ ...graph, metadata: { classes: "['cat', 'dog']" } });
    expect(named.facts.classNames).toEqual(['cat', 'dog']);
    const renamed = await open(graph, { classes: ['cat', 'dog'] });
    expect(renamed.facts.classNames).toEqual(['cat', 'dog']);
    const turned = await open(graph, { classes: ['1=dog', '0=cat'] });
    const wanted = await logits();
    expect((await rowsOf(turned)).map(([value]) => value)).toEqual(
      wanted.map((value) => expect.closeTo(value, 5) as number),
    );
    const single = await open({ ...graph, metadata: { classes: "['dog']" } });
    expect(single.facts.classNames).toBeNull();
    expect(single.facts.notices.join()).toMatch(/name 1 classes and it has 2/);
  });

  it('behind a softmax is refused: it is always 1', async () => {
    const softmax = makeNode('Softmax', ['z'], 'p', { axis: 1 });
    const error = await refusal(open({ nodes: [z.node, softmax], constants: [z.constant], outputs: ['p'] }));
    expect(error.detail.received).toMatch(/always 1/);
  });
});

describe('several outputs per image', () => {
  const four = layer('four', 4);

  it('behind sigmoids are logits, with a notice', async () => {
    const nodes = [four.node, makeNode('Sigmoid', ['four'], 'p')];
    const teacher = await open({ nodes, constants: [four.constant], outputs: ['p'] });
    const plain = await open({ nodes: [four.node], constants: [four.constant], outputs: ['four'] });
    expect(await rowsOf(teacher)).toEqual(await rowsOf(plain));
    expect(teacher.facts.notices.join()).toMatch(/Sigmoid.*4 classes a probability of its own/);
  });

  it.each([7, 13])('that are probabilities are so at opset %i', async (opset) => {
    const nodes = [
      four.node,
      makeNode('Exp', ['four'], 'exp'),
      makeNode('MatMul', ['exp', 'ones'], 'sum'),
      makeNode('Div', ['exp', 'sum'], 'p'),
    ];
    const ones = makeTensor('ones', new Float32Array(4).fill(1), [4, 1]);
    const teacher = await open({ nodes, constants: [four.constant, ones], outputs: ['p'], opset });
    for (const row of await rowsOf(teacher)) {
      expect(row.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 5);
    }
  });

  it('may be one row without the batch axis, of a fixed batch of one', async () => {
    const nodes = [four.node, makeNode('Squeeze', ['four'], 'row')];
    const teacher = await open({
      nodes,
      constants: [four.constant],
      outputs: [floats('row', [4])],
      batch: 1,
    });
    const plain = await open({ nodes: [four.node], constants: [four.constant], outputs: ['four'] });
    const wanted = await rowsOf(plain);
    (await rowsOf(teacher)).flat().forEach((value, i) => expect(value).toBeCloseTo(wanted.flat()[i]!, 5));
  });

  it.each<[string, BuiltGraph]>([
    [
      'one row for the whole batch',
      { nodes: [four.node, makeNode('ReduceMean', ['four'], 'p', { axes: [0] })], outputs: ['p'], batch: 3 },
    ],
    [
      'two rows per image',
      {
        nodes: [four.node, makeNode('Reshape', ['four', 'shape'], 'p')],
        constants: [makeTensor('shape', BigInt64Array.of(-1n, 2n))],
        outputs: ['p'],
      },
    ],
    [
      'the axes the other way round',
      { nodes: [four.node, makeNode('Transpose', ['four'], 'p')], outputs: ['p'] },
    ],
  ])('are refused: %s', async (_what, graph) => {
    const error = await refusal(open({ ...graph, constants: [four.constant, ...(graph.constants ?? [])] }));
    expect(error.describe()).toMatch(/one row of logits for each image/);
  });
});

/** Heads of these names and widths on the same features. */
const heads = (widths: Readonly<Record<string, number>>): BuiltGraph => {
  const layers = Object.entries(widths).map(([name, width]) => layer(name, width));
  return {
    nodes: layers.map(({ node }) => node),
    constants: layers.map(({ constant }) => constant),
    outputs: Object.keys(widths),
  };
};

describe('of several outputs', () => {
  const softmaxOf = (name: string) => makeNode('Softmax', [name], `${name}-p`, { axis: 1 });
  const wide = heads({ a: 4, b: 7 });
  const deep = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5'].map((name, i) =>
    layer(name, i === 5 ? 4 : 8, i === 0 ? 'flat' : `d${i - 1}`, i === 0 ? WIDTH : 8),
  );

  it.each<[string, BuiltGraph, Partial<OnnxTeacherRequest>, string, RegExp]>([
    [
      'not an embedding',
      heads({ embedding: 7, output: 4 }),
      {},
      'output',
      /names of others are not of classes/,
    ],
    [
      'not features with a layer after them',
      {
        ...heads({ first: 7 }),
        nodes: [layer('first', 7).node, layer('second', 4, 'first', 7).node],
        constants: [layer('first', 7).constant, layer('second', 4, 'first', 7).constant],
        outputs: ['first', 'second'],
      },
      {},
      'second',
      /a layer computes it/,
    ],
    [
      'not an auxiliary head',
      heads({ aux_logits: 4, main: 4 }),
      {},
      'main',
      /names of others are not of classes/,
    ],
    [
      'the one with a name of classes',
      heads({ x1: 7, class_scores: 4 }),
      {},
      'class_scores',
      /name is of classes/,
    ],
    ['the one called output', heads({ x1: 7, output: 4 }), {}, 'output', /output by its name/],
    ['the one as wide as the metadata', { ...wide, metadata: { classes: 'p,q,r,s' } }, {}, 'a', /metadata/],
    ['the one as wide as the images have classes', wide, { imageClasses: 7 }, 'b', /images/],
    [
      'the one behind a softmax',
      { ...wide, nodes: [...wide.nodes, softmaxOf('b')], outputs: ['a', 'b-p'] },
      {},
      'b-p',
      /softmax/,
    ],
    [
      'the one that goes on where others branch off',
      {
        nodes: [...deep.map(({ node }) => node), layer('side', 4, 'd0', 8).node],
        constants: [...deep.map(({ constant }) => constant), layer('side', 4, 'd0', 8).constant],
        outputs: ['side', 'd5'],
      },
      {},
      'd5',
      /branch off/,
    ],
    [
      'not its maximum',
      {
        ...heads({ a: 4 }),
        nodes: [...heads({ a: 4 }).nodes, makeNode('ReduceMax', ['a'], 'confidence', { axes: [1] })],
        outputs: ['confidence', 'a'],
      },
      {},
      'a',
      /computed from it without a layer/,
    ],
  ])('%s is used', async (_what, graph, rest, output, why) => {
    const teacher = await open(graph, rest);
    const text = teacher.facts.notices.join('\n');
    expect(text).toContain(`of its outputs, "${output}" is used`);
    expect(text).toMatch(why);
    expect(text).toMatch(/ignored: \w/);
    const same = await open(graph, { ...rest, options: { logits: output } });
    expect(await rowsOf(teacher)).toEqual(await rowsOf(same));
  });

  it('logits and their softmax are the same', async () => {
    const graph = {
      ...heads({ a: 4 }),
      nodes: [...heads({ a: 4 }).nodes, softmaxOf('a')],
      outputs: ['a-p', 'a'],
    };
    const teacher = await open(graph);
    expect(await rowsOf(teacher)).toEqual(await rowsOf(await open(heads({ a: 4 }))));
  });

  it('labels beside them are ignored', async () => {
    const label = onnx.ValueInfoProto.create({ name: 'label', type: { tensorType: { elemType: 7 } } });
    const graph = {
      ...heads({ a: 4 }),
      nodes: [...heads({ a: 4 }).nodes, makeNode('ArgMax', ['a'], 'label', { axis: 1 })],
      outputs: [label, 'a'],
    };
    expect((await open(graph)).facts.notices.join()).toMatch(/"a" is used; ignored: label/);
    const error = await refusal(open({ ...graph, outputs: [label] }));
    expect(error.detail.hint).toContain('m.onnx(logits=a)');
  });

  it.each<[string, BuiltGraph, Partial<OnnxTeacherRequest>]>([
    ['nothing tells them apart', heads({ age: 7, gender: 2, race: 7 }), {}],
    [
      'two are as wide as the images have classes',
      heads({ age: 7, gender: 2, race: 7 }),
      { imageClasses: 7 },
    ],
    ['name and width disagree', heads({ prob: 2, race: 7 }), { imageClasses: 7 }],
    ['they have the same name but for a number', heads({ output1: 4, output2: 4 }), {}],
  ])('one must be chosen where %s', async (_what, graph, rest) => {
    const error = await refusal(open(graph, rest));
    const names = graph.outputs as string[];
    for (const name of names) expect(error.detail.received).toMatch(new RegExp(`${name} \\[N, \\d\\]`));
    expect(error.detail.hint).toContain(`m.onnx(logits=${names[0]!})`);
    const chosen = await open(graph, { ...rest, options: { logits: names[1]! } });
    expect(chosen.facts.classes).toBe(graph.constants![1]!.dims![1]);
  });
});

describe('an output that is a sequence', () => {
  const [a] = heads({ a: 4 }).nodes;
  const sequence = (name: string): ValueInfoProto =>
    onnx.ValueInfoProto.create({
      name,
      type: { sequenceType: { elemType: { tensorType: { elemType: 1 } } } },
    });
  const zipped = makeNode('ZipMap', ['p'], 'maps');
  Object.assign(zipped, {
    domain: 'ai.onnx.ml',
    attribute: [{ name: 'classlabels_int64s', type: 7, ints: [0, 1, 2, 3] }],
  });

  it.each<[string, BuiltGraph]>([
    [
      'of a ZipMap',
      {
        ...heads({ a: 4 }),
        nodes: [a!, makeNode('Softmax', ['a'], 'p', { axis: 1 }), zipped],
        outputs: [sequence('maps')],
        domains: ['ai.onnx.ml'],
      },
    ],
    [
      'of one tensor',
      {
        ...heads({ a: 4 }),
        nodes: [a!, makeNode('SequenceConstruct', ['a'], 'maps')],
        outputs: [sequence('maps')],
      },
    ],
    [
      'of rows',
      {
        ...heads({ a: 4 }),
        nodes: [a!, makeNode('SplitToSequence', ['a'], 'maps')],
        outputs: [sequence('maps')],
      },
    ],
  ])('%s is replaced by the tensor before', async (_what, graph) => {
    const teacher = await open(graph);
    expect(teacher.facts.notices.join()).toMatch(
      /output "maps" is a sequence; using the tensor that it is made of/,
    );
    const wanted = await rowsOf(await open(heads({ a: 4 })));
    expect(await rowsOf(teacher)).toEqual(wanted);
    expect(await rowsOf(await open(graph, { options: { logits: 'maps' } }))).toEqual(wanted);
  });
});
