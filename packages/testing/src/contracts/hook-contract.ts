import type { HookEpoch, HookModel, HookRun, HookStep, Json, RunHook, StopRequest } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';

/** Options of `hookContract`. */
export interface HookContractOptions {
  /** Of the run that is played; a hook that writes needs a `folder`, which is '.' by default. */
  readonly run?: () => Promise<Partial<HookRun>> | Partial<HookRun>;
  /** Metrics of each epoch, for hooks that decide by them; by default a loss and a validation error that rise. */
  readonly metrics?: (epoch: number) => Readonly<Record<string, number>>;
}

const EPOCHS = 8;
const STEPS = 2;
/** The run is cut here, and goes on in a new process. */
const CUT = 3;

const MODELS: readonly HookModel[] = [
  { name: 'teacher', role: 'teacher', method: 'supervised', epochs: EPOCHS },
  { name: 'l2', role: 'student', method: 'l2', epochs: EPOCHS },
];

const rising = (epoch: number): Record<string, number> => ({
  'loss/student': 1 + epoch / 10,
  'validation/error': 0.5 + epoch / 100,
});

const isRequest = (answer: unknown): boolean => {
  const { stop, reason } = answer as Partial<StopRequest>;
  return (stop === 'model' || stop === 'run') && typeof reason === 'string' && reason.length > 0;
};

/** What a hook is given after an epoch of a model. */
function epochOf(model: HookModel, epoch: number, metrics: Readonly<Record<string, number>>): HookEpoch {
  const error = metrics['validation/error'];
  return {
    model,
    stage: { name: model.method, index: 0, count: 1 },
    progress: { epoch, epochs: EPOCHS, step: (epoch + 1) * STEPS, stepsPerEpoch: STEPS },
    metrics,
    diagnostics: null,
    validation: error === undefined ? null : { metric: 'validation/error', value: error, better: 'lower' },
  };
}

/**
 * Contract of a run hook: a name and what happens where it throws; answers that are nothing or a request with a reason; the
 * same answers to the same calls; and a state that JSON holds, from which a new hook goes on as if there had been no interruption.
 *
 * `create` is called for every test.
 */
export function hookContract(
  { describe, it, expect }: ContractRunner,
  create: () => RunHook,
  { run = () => ({}), metrics = rising }: HookContractOptions = {},
): void {
  const runOf = async (): Promise<HookRun> => ({
    folder: '.',
    dataset: 'glyphs',
    seed: 1,
    models: MODELS.map(({ name }) => name),
    ...(await run()),
  });

  /** Plays some epochs of a model; returns every answer. */
  async function play(hook: RunHook, model: HookModel, from: number, to: number): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (let epoch = from; epoch < to; epoch++) {
      const ended = epochOf(model, epoch, metrics(epoch));
      for (let step = 1; step <= STEPS; step++) {
        const after: HookStep = {
          ...ended,
          progress: { ...ended.progress, step: epoch * STEPS + step },
          metrics: null,
        };
        answers.push(await hook.onStep?.(after));
      }
      answers.push(await hook.onEpoch?.(ended));
      await hook.onEpochSaved?.(ended);
    }
    return answers;
  }

  async function started(): Promise<RunHook> {
    const hook = create();
    await hook.onRunStart?.(await runOf());
    return hook;
  }

  async function whole(): Promise<unknown[]> {
    const hook = await started();
    const answers: unknown[] = [];
    for (const model of MODELS) answers.push(...(await play(hook, model, 0, EPOCHS)));
    await hook.onRunEnd?.({ outcome: 'finished', result: null });
    return answers;
  }

  describe('hook contract', () => {
    it('has a name, and says what happens where it throws', () => {
      const { name, onError } = create();
      expect(name.length).toBeGreaterThan(0);
      expect(['end', 'disable']).toContain(onError);
    });

    it('can be called for everything that it follows', () => {
      const hook = create();
      const events = ['onRunStart', 'onStep', 'onEpoch', 'onEpochSaved', 'onRunEnd'] as const;
      expect(
        events.filter((event) => hook[event] !== undefined && typeof hook[event] !== 'function'),
      ).toEqual([]);
      expect(events.filter((event) => hook[event] !== undefined).length).toBeGreaterThan(0);
    });

    it('answers with nothing, or with a request that has a reason', async () => {
      const answers = (await whole()).filter((answer) => answer !== undefined && answer !== null);
      expect(answers.filter((answer) => !isRequest(answer))).toEqual([]);
    });

    it('gives the same answers to the same calls', async () => {
      expect(await whole()).toEqual(await whole());
    });

    it('ends however the run ends, also before any training', async () => {
      for (const outcome of ['interrupted', 'failed', 'stopped'] as const) {
        const hook = await started();
        await hook.onRunEnd?.({ outcome, result: null });
      }
    });

    it('goes on from its state, held by JSON, as without an interruption', async () => {
      const model = MODELS[1]!;
      const [one, cut, next] = [await started(), await started(), await started()];
      const expected = await play(one, model, 0, EPOCHS);
      const before = await play(cut, model, 0, CUT);
      const state = cut.state?.(model.name);
      if (state !== undefined) {
        const read = JSON.parse(JSON.stringify(state)) as Json;
        expect(read).toEqual(state);
        next.restore?.(model.name, read, { continued: false });
      }
      expect([...before, ...(await play(next, model, CUT, EPOCHS))]).toEqual(expected);
    });
  });
}
