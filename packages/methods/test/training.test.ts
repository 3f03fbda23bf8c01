import {
  alarmsFor,
  mapTree,
  Rng,
  train,
  type BatchSource,
  type HostTensor,
  type LabelledBatch,
  type Position,
  type Stage,
  type TrainingEvent,
  type Tree,
} from '@anc/core';
import { describe, expect, it } from 'vitest';
import { method } from './parts.js';
import { backend, players, toyBatches, toyStudent, toyTeacher } from './toy.js';

const recipe = { learningRate: 0.01 };
const discriminator = { name: 'mlp', units: [12, 8] };

interface Run {
  readonly state: Tree<HostTensor>;
  readonly events: readonly TrainingEvent[];
}

async function run(
  stage: Stage,
  batches: BatchSource<LabelledBatch>,
  options: { epochs: number; state?: Tree<HostTensor>; from?: Position; stopAt?: number },
): Promise<Run & { position?: Position }> {
  const controller = new AbortController();
  const events: TrainingEvent[] = [];
  let found: (Run & { position?: Position }) | null = null;
  for await (const event of train({
    backend,
    stage,
    batches,
    teacher: toyTeacher,
    epochs: options.epochs,
    seed: 1,
    state: options.state ?? stage.init(Rng.fromSeed(1), null),
    ...(options.from && { from: options.from }),
    signal: controller.signal,
  })) {
    events.push(event);
    if (event.type === 'step' && event.progress.step === options.stopAt) controller.abort();
    if (event.type === 'interrupted')
      found = { state: await event.snapshot(), events, position: event.position };
    if (event.type === 'done') found = { state: await event.snapshot(), events };
  }
  return found!;
}

const bytes = (state: Tree<HostTensor>): Record<string, number[]> => mapTree(state, ({ data }) => [...data]);
const label = (index: number): number => index % 3;

describe('train', () => {
  it.each(['adversarial', 'l2', 'kd'])('%s: shuffled labels change nothing, bit for bit', async (name) => {
    const stage = (): Stage =>
      method(name, name === 'adversarial' ? { recipe, discriminator } : { recipe }).stages(players())[0]!;
    const straight = await run(stage(), toyBatches(3, label), { epochs: 1 });
    const shuffled = await run(
      stage(),
      toyBatches(3, (i) => (i * 7 + 1) % 3),
      { epochs: 1 },
    );
    expect(bytes(shuffled.state)).toEqual(bytes(straight.state));
  });

  it('supervised: labels are what it learns from', async () => {
    const stage = (): Stage => method('supervised', { recipe }).stages(players())[0]!;
    const straight = await run(stage(), toyBatches(3, label), { epochs: 1 });
    const shuffled = await run(
      stage(),
      toyBatches(3, (i) => (i * 7 + 1) % 3),
      { epochs: 1 },
    );
    expect(bytes(shuffled.state)).not.toEqual(bytes(straight.state));
  });

  it.each(['momentum', 'adam'])('gives the same bytes after an interruption (%s)', async (optimizer) => {
    const stage = (): Stage =>
      method('adversarial', {
        recipe: { ...recipe, optimizer },
        discriminator,
        balancer: 'gradient-norm',
      }).stages(players(toyStudent(true)))[0]!;
    const whole = await run(stage(), toyBatches(3, label), { epochs: 2 });
    const first = await run(stage(), toyBatches(3, label), { epochs: 2, stopAt: 4 });
    expect(first.events.at(-1)).toMatchObject({ type: 'interrupted', position: { step: 4 } });
    const rest = await run(stage(), toyBatches(3, label), {
      epochs: 2,
      state: first.state,
      from: first.position!,
    });
    expect(bytes(rest.state)).toEqual(bytes(whole.state));
    const last = (events: readonly TrainingEvent[]) =>
      events.filter((event) => event.type === 'epoch').at(-1);
    expect(last(rest.events)?.metrics['loss/data']).toBeCloseTo(last(whole.events)!.metrics['loss/data']!, 5);
  });

  it('tells of every step and epoch, with the numbers of the game', async () => {
    const stage = method('adversarial', { recipe, discriminator }).stages(players())[0]!;
    const { events } = await run(stage, toyBatches(2, label), { epochs: 2 });
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(4);
    const epochs = events.filter((event) => event.type === 'epoch');
    expect(epochs).toHaveLength(2);
    const names =
      'discriminator/auc discriminator/teacher discriminator/student discriminator/dropped loss/data loss/adversarial loss/discriminator loss/regularizer agreement gradient/data gradient/adversarial gradient/cosine features/student features/teacher';
    expect(Object.keys(epochs[0]!.metrics)).toEqual(expect.arrayContaining(names.split(' ')));
    expect(epochs[0]!.diagnostics?.auc).toBeGreaterThan(0);
  });

  it('stops with an error when a loss stops being finite', async () => {
    const stage = method('l2', { recipe: { learningRate: 1e30 } }).stages(players())[0]!;
    await expect(run(stage, toyBatches(5, label), { epochs: 2 })).rejects.toMatchObject({
      code: 'ANC_DIVERGED',
    });
  });

  it('lowers the loss it trains on', async () => {
    const stage = method('kd', { recipe: { learningRate: 0.02 } }).stages(players())[0]!;
    const same = toyBatches(4, label);
    const repeated = { ...same, epoch: () => same.epoch(0, 0) };
    const { events } = await run(stage, repeated, { epochs: 12 });
    const losses = events
      .filter((event) => event.type === 'epoch')
      .map(({ metrics }) => metrics['loss/data']!);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
  });
});

describe('alarmsOf', () => {
  const calm = { auc: 0.7, teacherScore: 0.7, studentScore: 0.6, gradientRatio: 5, gradientCosine: 0.1 };
  const codes = (change: Partial<typeof calm>): string[] =>
    alarmsFor({ ...calm, ...change }).map(({ code }) => code);

  it('says nothing of a healthy game and names each ailment', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ auc: 0.99 })).toEqual(['discriminator-won']);
    expect(codes({ gradientRatio: 143 })).toEqual(['adversarial-inactive']);
    expect(codes({ gradientRatio: Infinity })).toEqual(['adversarial-inactive']);
    expect(codes({ gradientRatio: 0.5, gradientCosine: -0.2 })).toEqual(['adversarial-harmful']);
  });
});
