import type { HookEpoch, HookModel, HookRun, HookStep, Json, RunHook, StopRequest, Tree } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { shown } from '../harness/shown.js';
import { suiteOf } from '../harness/suite.js';

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

/** Whether JSON holds a value: what was read is what was written. */
const sameJson = (read: unknown, written: unknown): boolean => {
  if (typeof written !== 'object' || written === null) return Object.is(read, written);
  if (![Object.prototype, Array.prototype].includes(Object.getPrototypeOf(written) as object)) return false;
  return Object.entries(written).every(([name, value]) => sameJson((read as Tree<unknown>)[name], value));
};

const isRequest = (answer: unknown): boolean => {
  const { stop, reason } = answer as Partial<StopRequest>;
  return (stop === 'model' || stop === 'run') && typeof reason === 'string' && reason.length > 0;
};

/** A value that a hook cannot change: it is the run's. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

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
  runner: ContractRunner,
  create: () => RunHook,
  { run = () => ({}), metrics = rising }: HookContractOptions = {},
): void {
  const { describe, it } = suiteOf(runner, 'the hook');
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
        answers.push(await hook.onStep?.(frozen(after)));
      }
      answers.push(await hook.onEpoch?.(frozen(ended)));
      await hook.onEpochSaved?.(frozen(ended));
    }
    return answers;
  }

  async function started(): Promise<RunHook> {
    const hook = create();
    await hook.onRunStart?.(frozen(await runOf()));
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
    const declared = "set name, and onError: 'end' or 'disable'.";
    it('has a name, and says what happens where it throws', declared, (check) => {
      const { name, onError } = create();
      check.that(typeof name === 'string' && name !== '', 'has no name', {
        expected: 'a text',
        received: name,
      });
      check.that(['end', 'disable'].includes(onError), 'does not say what happens where it throws', {
        expected: "onError: 'end' or 'disable'",
        received: onError,
      });
    });

    const called = 'implement at least one of onRunStart, onStep, onEpoch, onEpochSaved and onRunEnd.';
    it('can be called for everything that it follows', called, (check) => {
      const hook = create();
      const events = ['onRunStart', 'onStep', 'onEpoch', 'onEpochSaved', 'onRunEnd'] as const;
      const wrong = events.filter((event) => hook[event] !== undefined && typeof hook[event] !== 'function');
      check.none(wrong, 'has a member of another type', `functions under ${events.join(', ')}`);
      check.that(
        events.some((event) => hook[event] !== undefined),
        'follows nothing',
        {
          expected: `one of ${events.join(', ')}`,
          received: Object.keys(hook).join(', '),
        },
      );
    });

    const answered = "return nothing, or { stop: 'model' or 'run', reason: 'a clause for people' }.";
    it('answers with nothing, or with a request that has a reason', answered, async (check) => {
      const answers = (await whole()).filter((answer) => answer !== undefined && answer !== null);
      const wrong = answers.filter((answer) => !isRequest(answer));
      check.none(wrong, 'answers with something else than a request', 'nothing, or { stop, reason }');
    });

    const pure =
      'decide by what is passed alone: no clock, no random numbers, no memory shared between hooks.';
    it('gives the same answers to the same calls', pure, async (check) => {
      check.equal(await whole(), await whole(), 'answers differently to the same calls');
    });

    const ends = 'let onRunEnd work without an epoch before it.';
    it('ends however the run ends, also before any training', ends, async () => {
      for (const outcome of ['interrupted', 'failed', 'stopped'] as const) {
        const hook = await started();
        await hook.onRunEnd?.({ outcome, result: null });
      }
    });

    const resumed = 'return from state all that decides, as JSON data, and take all of it back in restore.';
    it('goes on from its state, held by JSON, as without an interruption', resumed, async (check) => {
      const model = MODELS[1]!;
      const [one, cut, next] = [await started(), await started(), await started()];
      const expected = await play(one, model, 0, EPOCHS);
      const before = await play(cut, model, 0, CUT);
      const state = cut.state?.(model.name);
      if (state !== undefined) {
        const read = JSON.parse(JSON.stringify(state)) as Json;
        check.that(sameJson(read, state), 'has a state that JSON does not hold', {
          expected: shown(read),
          received: state,
        });
        next.restore?.(model.name, read, { continued: false });
      }
      const after = [...before, ...(await play(next, model, CUT, EPOCHS))];
      check.equal(after, expected, 'answers differently after an interruption');
    });
  });
}
