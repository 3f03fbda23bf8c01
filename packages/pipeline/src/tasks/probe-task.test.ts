import { classification, type Task } from '@anc/core';
import { expect, it } from 'vitest';
import { probeTask } from './probe-task.js';

/** What a careless author does. */
// eslint-disable-next-line no-restricted-properties -- what is refused
const unseeded = (): number => Math.random();

const data = { input: [8, 8, 1], classes: 3 };

it('finds nothing wrong with classification', () => {
  expect(() => probeTask(classification, data, 'task "x"')).not.toThrow();
});

let calls = 0;
it.each([
  ['outputs gives no shape', { outputs: () => 3 }],
  ['targets gives no shape', { targets: () => [0] }],
  ['predict gives no predictions', { predict: () => [0, 1] }],
  ['predict gives no predictions', { predict: () => new Int32Array(3) }],
  ['predict gives another result', { predict: () => Int32Array.of(0, ++calls) }],
  [
    'measure gives another result',
    { measure: () => ({ add: () => {}, result: () => ({ error: unseeded() }) }) },
  ],
  ['its measurement lacks the metric "error"', { measure: () => ({ add: () => {}, result: () => ({}) }) }],
])('%s', (problem, change) => {
  const task = { ...classification, ...change } as unknown as Task;
  expect(() => probeTask(task, data, 'task "x" of plugin "zoo"')).toThrow(
    expect.objectContaining({
      code: 'ANC_PLUGIN',
      message: expect.stringContaining(`task "x" of plugin "zoo": ${problem}`) as string,
    }) as Error,
  );
});
