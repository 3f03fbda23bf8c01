import '@tensorflow/tfjs-backend-cpu';
import {
  EagerBackend,
  mapTree,
  prefixTree,
  specOf,
  subtree,
  type Backend,
  type HostTensor,
  type ReplayMemory,
  type Tree,
} from '@anc/core';
import { memoryFrom } from '@anc/core/internal';
import type { ContractRunner } from '../harness/contract-runner.js';
import { violation } from '../harness/violation.js';
import { checkName, componentSuite } from '../objective/component-checks.js';

/** Options of `memoryContract`. */
export interface MemoryContractOptions {
  /** Where it runs; plain JavaScript by default. */
  readonly backend?: () => Backend | Promise<Backend>;
}

const BATCH = 3;
const DRAWN = 7;

/** A batch in which every number of row `i` is `first + i`, images and logits alike. */
const samplesFrom = (first: number): Tree<HostTensor> =>
  mapTree({ images: [2, 2, 1], 'teacher/logits': [2] }, (shape) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    const data = Float32Array.from({ length: BATCH * size }, (_, i) => first + Math.floor(i / size));
    return { shape: [BATCH, ...shape], data };
  });

/** Numbers from 0 to just below 1: with rows in order they reach every row that is stored. */
const UNIFORM: HostTensor = {
  shape: [DRAWN],
  data: Float32Array.from({ length: DRAWN }, (_, i) => (i === DRAWN - 1 ? 1 - 2 ** -24 : i / DRAWN)),
};

/**
 * Contract of a replay memory that keeps images: entries of fixed shapes; after one batch it draws rows of that batch alone;
 * after many batches it draws rows that were pushed, with the outputs that belong to them; and the same numbers draw the
 * same rows.
 *
 * `create` is called for every test.
 */
export function memoryContract(
  runner: ContractRunner,
  create: () => ReplayMemory,
  { backend = () => new EagerBackend('cpu') }: MemoryContractOptions = {},
): void {
  const { describe, it } = componentSuite(runner, 'the memory');

  /** Rows drawn after these batches were pushed: the images' numbers and the logits'. */
  const drawnAfter = async (batches: readonly number[]): Promise<readonly (readonly [number, number])[]> => {
    const memory = create();
    const what = `memory "${memory.name}"`;
    const on = await backend();
    let kept = memory.init(
      mapTree(samplesFrom(0), ({ shape, data }) => ({ shape, data: data.map(() => 0) })),
    );
    const specs = mapTree({ ...prefixTree('kept', kept), ...prefixTree('samples', samplesFrom(0)) }, specOf);
    const push = await on.compileFunction(
      (tensors) => {
        const before = subtree(tensors, 'kept');
        return memoryFrom(what, 'push', before, () => memory.push(before, subtree(tensors, 'samples')));
      },
      { id: `contract: push to ${what}`, inputs: specs },
    );
    const draw = await on.compileFunction(
      (tensors) => ({ ...memory.draw(subtree(tensors, 'kept'), tensors['uniform']!) }),
      {
        id: `contract: draw from ${what}`,
        inputs: { ...mapTree(prefixTree('kept', kept), specOf), uniform: specOf(UNIFORM) },
      },
    );
    for (const first of batches) {
      kept = await push.run({ ...prefixTree('kept', kept), ...prefixTree('samples', samplesFrom(first)) });
    }
    const found = await draw.run({ ...prefixTree('kept', kept), uniform: UNIFORM });
    await push.dispose();
    await draw.dispose();
    return Array.from({ length: DRAWN }, (_, i) => [
      found.images!.data[4 * i]!,
      found['teacher/logits']!.data[2 * i]!,
    ]);
  };
  const assertAmong = (rows: readonly (readonly [number, number])[], allowed: readonly number[]): void => {
    const wrong = rows.find(([image, logits]) => image !== logits || !allowed.includes(image));
    if (wrong === undefined) return;
    throw violation(`memory "${create().name}" draws what was not pushed.`, {
      expected: `rows ${allowed.join(', ')}, images and outputs of the same row`,
      received: `an image of row ${wrong[0]} with outputs of row ${wrong[1]}`,
      hint: 'draw the same rows of every entry, and of those alone that are filled.',
    });
  };
  const numbers = (first: number): number[] => [first, first + 1, first + 2];

  describe('memory contract', () => {
    it('has a name, and keeps images', () => {
      checkName('memory', create().name);
      if (!create().fresh) return;
      throw violation(`memory "${create().name}" keeps nothing.`, {
        expected: 'fresh: false',
        received: 'fresh: true',
        hint: 'the built-in memory none is for that.',
      });
    });
    it('draws rows of the only batch', async () => assertAmong(await drawnAfter([10]), numbers(10)));
    it('draws rows that were pushed, whatever was pushed since', async () => {
      const batches = Array.from({ length: 8 }, (_, i) => 10 * (i + 1));
      assertAmong(await drawnAfter(batches), batches.flatMap(numbers));
    });
    it('draws the same rows for the same numbers', async () => {
      const [one, other] = [await drawnAfter([10, 20]), await drawnAfter([10, 20])];
      if (JSON.stringify(one) === JSON.stringify(other)) return;
      throw violation(`memory "${create().name}" draws other rows each time.`, {
        expected: JSON.stringify(one),
        received: JSON.stringify(other),
        hint: 'take all random numbers from the argument.',
      });
    });
  });
}
