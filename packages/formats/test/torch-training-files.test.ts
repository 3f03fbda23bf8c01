import { isAncError } from '@anc/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors, inMemory, openTorchCheckpoint, readStateDict } from '../src/index.js';
import { failure } from './failure.js';
import {
  call,
  dictionary,
  global,
  int,
  list,
  ordered,
  pickle,
  tensor,
  text,
  tuple,
  zipFile,
  type WrittenTensor,
} from './torch-writer.js';

/*
 * Checkpoints as training scripts write them: values beside the state dict, copies with averaged weights, wrapped
 * modules. A network here is a kernel and a bias that its first number identifies.
 */

const kernel = (first: number): WrittenTensor => ({
  shape: [1, 1, 1, 2],
  data: Float32Array.of(first, 0),
});
const bias = (first: number): WrittenTensor => ({ shape: [1], data: Float32Array.of(first) });
const scalar: WrittenTensor = { shape: [], data: Float32Array.of(71.5) };
const count: WrittenTensor = { shape: [], type: 'LongStorage', data: BigInt64Array.of(9n) };

/** A file whose pickle `build` writes; `add` gives the bytes of a tensor. */
function file(build: (add: (written: WrittenTensor) => Uint8Array) => Uint8Array): Uint8Array {
  const tensors: WrittenTensor[] = [];
  const root = build((written) => tensor(`${tensors.push(written) - 1}`, written));
  return zipFile(Object.fromEntries(tensors.map((each, i) => [String(i), each])), pickle(root));
}

type Add = (written: WrittenTensor) => Uint8Array;
const network = (add: Add, first: number, prefix = ''): Uint8Array =>
  ordered(...networkPairs(add, first, prefix));
const networkPairs = (add: Add, first: number, prefix = ''): [Uint8Array, Uint8Array][] => [
  [text(`${prefix}conv.weight`), add(kernel(first))],
  [text(`${prefix}conv.bias`), add(bias(first))],
];

/** What was read: the first number of every tensor by name, and the notices. */
function read(bytes: Uint8Array, wanted?: string) {
  const { tensors, notices } = openTorchCheckpoint(inMemory(bytes), wanted);
  const numbers = Object.entries(tensors).map(([name, lazy]) => [name, lazy.load().data[0]] as const);
  return { numbers: Object.fromEntries(numbers), notices };
}
const only = (first: number) => ({
  numbers: { 'conv.weight': first, 'conv.bias': first },
  notices: [],
});

const object = (module: string, name: string, ...state: [Uint8Array, Uint8Array][]): Uint8Array =>
  Uint8Array.from([...global(module, name), 0x29, 0x81, ...dictionary(...state), 0x62]);

describe('what training scripts save beside a state dict', () => {
  it('is not part of it: tensors, an optimizer, objects of other classes', () => {
    const bytes = file((add) =>
      dictionary(
        [text('best_acc1'), add(scalar)],
        [text('confusion'), add({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) })],
        [text('args'), object('argparse', 'Namespace', [text('lr'), int(1)])],
        [text('best'), call(global('numpy._core.multiarray', 'scalar'), tuple())],
        [
          text('optimizer'),
          dictionary([
            text('state'),
            dictionary([int(0), dictionary([text('exp_avg'), add(kernel(5))])], [text('w'), add(kernel(6))]),
          ]),
        ],
        [text('state_dict'), network(add, 1)],
      ),
    );
    expect(read(bytes)).toEqual(only(1));
  });

  it('may stand beside the tensors themselves', () => {
    const bytes = file((add) =>
      dictionary(...networkPairs(add, 1), [
        text('optimizer'),
        dictionary([text('conv.weight'), add(kernel(5))]),
      ]),
    );
    expect(read(bytes)).toEqual(only(1));
  });
});

describe('names of wrapped modules', () => {
  it.each([
    '_orig_mod.',
    'module.',
    'module.module.',
    'module._orig_mod.',
    '_orig_mod.module.',
    'module._orig_mod.module.',
    '_fsdp_wrapped_module.',
  ])('%s is removed', (prefix) => {
    expect(read(file((add) => network(add, 1, prefix)))).toEqual(only(1));
  });

  it('are those of the averages of AveragedModel, beside its counter', () => {
    const bytes = file((add) =>
      ordered([text('n_averaged'), add(count)], ...networkPairs(add, 1, 'module.module.')),
    );
    expect(read(bytes)).toEqual(only(1));
  });

  it('lose a wrapper inside of them', () => {
    const bytes = file((add) => network(add, 1, 'model._orig_mod.'));
    expect(Object.keys(read(bytes).numbers)).toEqual(['model.conv.weight', 'model.conv.bias']);
  });

  it('stay where two would become the same', () => {
    const bytes = file((add) => ordered(...networkPairs(add, 1), ...networkPairs(add, 2, '_orig_mod.')));
    expect(Object.keys(read(bytes).numbers)).toHaveLength(4);
  });

  it('are those of safetensors too', () => {
    const one = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
    const { tensors } = readStateDict(inMemory(encodeSafetensors({ 'module._orig_mod.conv.weight': one })));
    expect(Object.keys(tensors)).toEqual(['conv.weight']);
  });
});

describe('several networks in one file', () => {
  const EMA = ['state_dict_ema', 'model_ema', 'ema_state_dict', 'ema', 'swa_state_dict', 'averaged_model'];
  it.each(EMA)('a model and %s: the model is used, and that is said', (name) => {
    const plain = name === 'model_ema' ? 'model' : 'state_dict';
    const bytes = file((add) =>
      dictionary([text(name), network(add, 2, 'module.')], [text(plain), network(add, 1)]),
    );
    expect(read(bytes).numbers).toEqual(only(1).numbers);
    expect(read(bytes).notices).toEqual([expect.stringContaining(`--state-dict ${name} `)]);
    expect(read(bytes, name)).toEqual(only(2));
  });

  it('averages under a prefix are another network', () => {
    const bytes = file((add) =>
      ordered(...networkPairs(add, 1, 'model.'), ...networkPairs(add, 2, 'ema.module.')),
    );
    const { numbers, notices } = read(bytes);
    expect(numbers).toEqual({ 'model.conv.weight': 1, 'model.conv.bias': 1 });
    expect(notices).toEqual([expect.stringContaining('not used: "ema" (averages of the weights)')]);
    expect(read(bytes, 'ema')).toEqual(only(2));
  });

  it.each([
    [
      'prefixes',
      (add: Add) => ordered(...networkPairs(add, 1, 'student.'), ...networkPairs(add, 2, 'teacher.')),
    ],
    [
      'prefixes behind another one',
      (add: Add) =>
        ordered(...networkPairs(add, 1, 'net.student.'), ...networkPairs(add, 2, 'net.teacher.'), [
          text('net.proj.weight'),
          add({ shape: [1, 2], data: Float32Array.of(7, 7) }),
        ]),
    ],
    [
      'dictionaries',
      (add: Add) => dictionary([text('student'), network(add, 1)], [text('teacher'), network(add, 2)]),
    ],
  ])('a student and a teacher, by %s: one has to be chosen', (_what, build) => {
    const error = failure(() => read(file(build)));
    expect(error.code).toBe('ANC_WEIGHTS');
    expect(error.message).toMatch(/several networks/);
    expect(error.detail.expected).toMatch(/student, .*teacher/);
    expect(read(file(build), 'teacher')).toEqual(only(2));
    expect(failure(() => read(file(build), 'coach')).detail.received).toBe('coach');
  });

  it('a backbone and a head are one', () => {
    const bytes = file((add) =>
      dictionary(
        [text('backbone'), network(add, 1)],
        [text('head'), dictionary([text('weight'), add({ shape: [1, 2], data: Float32Array.of(3, 4) })])],
      ),
    );
    expect(read(bytes)).toEqual({
      numbers: { 'backbone.conv.weight': 1, 'backbone.conv.bias': 1, 'head.weight': 3 },
      notices: [],
    });
  });

  it('a whole module beside a state dict is not read, which is said', () => {
    const bytes = file((add) =>
      dictionary(
        [text('model'), network(add, 1)],
        [text('ema'), object('models', 'Net', [text('_modules'), dictionary()])],
      ),
    );
    expect(read(bytes)).toEqual({
      ...only(1),
      notices: [expect.stringContaining('a whole module (models.Net) under "ema"')],
    });
  });

  it('a list of averages has no names, so it is no other network', () => {
    const bytes = file((add) =>
      dictionary(
        [text('model'), network(add, 1)],
        [text('ema'), dictionary([text('shadow_params'), list(add(kernel(2)), add(bias(2)))])],
      ),
    );
    expect(read(bytes)).toEqual(only(1));
  });

  it('any prefix can be wanted', () => {
    const bytes = file((add) =>
      ordered(...networkPairs(add, 1, 'encoder_q.'), ...networkPairs(add, 2, 'encoder_k.')),
    );
    expect(read(bytes, 'encoder_k')).toEqual(only(2));
  });
});

describe('lists', () => {
  it('of tensors get numbers as names', () => {
    const bytes = file((add) => list(add(kernel(1)), add(bias(2))));
    expect(read(bytes).numbers).toEqual({ '0.weight': 1, '1.bias': 2 });
  });

  it('of names and tensors keep the names', () => {
    const bytes = file((add) => list(...networkPairs(add, 1).map((pair) => tuple(...pair))));
    expect(read(bytes)).toEqual(only(1));
  });
});

describe('what is refused, with what to do', () => {
  const module = (name: string): Uint8Array =>
    object('torchvision.models.resnet', name, [text('_modules'), dictionary()]);

  it.each([
    ['a whole module', () => module('ResNet'), 'torchvision.models.resnet.ResNet'],
    ['one in a dictionary', () => dictionary([text('net'), module('A')]), '.A under "net"'],
  ])('%s', (_what, build, received) => {
    const error = failure(() => read(file(build)));
    expect(error.message).toMatch(/whole module/);
    expect(error.detail.received).toContain(received);
    expect(error.detail.hint).toContain('state_dict()');
  });

  it('a whole module beside values', () => {
    const bytes = file((add) => dictionary([text('model'), module('A')], [text('weights'), add(bias(1))]));
    expect(failure(() => read(bytes)).message).toMatch(/whole module/);
  });

  it('a tensor whose elements cannot be read, in the state dict only', () => {
    const complex: WrittenTensor = { shape: [1], type: 'ComplexFloatStorage', data: new BigInt64Array(1) };
    const bytes = file((add) =>
      dictionary(
        [text('state_dict'), ordered(...networkPairs(add, 1), [text('f'), add(complex)])],
        [text('other'), add(complex)],
      ),
    );
    expect(failure(() => read(bytes)).detail.received).toBe('torch.ComplexFloatStorage');
  });

  it('a file without tensors, by the names and classes in it', () => {
    const bytes = file(() =>
      dictionary([text('w'), call(global('numpy.core.multiarray', '_reconstruct'), tuple())]),
    );
    expect(failure(() => read(bytes)).detail.received).toBe('keys w (numpy.core.multiarray._reconstruct)');
  });

  it('keys that are shared tuples, at once', () => {
    const depth = 24; // written out, 2^24 items
    const shared = Array.from({ length: depth }, (_, i) => [0x71, i, 0x68, i, 0x86]).flat();
    const key = Uint8Array.from([...int(1), ...shared]);
    const error = failure(() => read(file(() => dictionary([key, int(1)]))));
    expect(error.message).toMatch(/no state dict/);
  });
});

it('any damage gives tensors or an AncError, quickly', () => {
  const bytes = file((add) =>
    dictionary(
      [text('args'), object('argparse', 'Namespace', [text('lr'), int(1)])],
      [text('model'), network(add, 1, 'module.')],
      [text('ema'), object('models', 'Net', [text('_modules'), dictionary()])],
      [text('ema_list'), list(add(kernel(2)), add(bias(2)))],
      [text('teacher'), network(add, 2)],
    ),
  );
  const edit = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const copy = bytes.slice();
      for (const { at, value } of edits) copy[at] = value;
      try {
        read(copy);
      } catch (error) {
        expect(isAncError(error) ? 'AncError' : error).toBe('AncError');
      }
    }),
    { numRuns: 1000, seed: 1 },
  );
});
