import {
  AncError,
  isAncError,
  type HookEnd,
  type HookEpoch,
  type HookRun,
  type HookStep,
  type Json,
  type RunHook,
  type StopRequest,
} from '@anc/core';
import { encodeNumbers, faultOf } from '@anc/core/internal';

/** A hook of a run, and the plugin that brought it. */
export interface PlannedHook {
  readonly hook: RunHook;
  readonly plugin: string;
}

/** A hook's request, with the hook that made it. */
export interface Stop extends StopRequest {
  readonly by: string;
  readonly plugin: string;
}

/** What of the hooks a checkpoint holds: their states as JSON texts, and those that are disabled. */
export interface HookMemory {
  readonly states: Readonly<Record<string, string>>;
  readonly disabled: readonly string[];
}

/** Calls the hooks of a run in their order. What one throws ends the run or disables the hook, as it declares. */
export class HookRunner {
  readonly #disabled = new Set<RunHook>();

  constructor(
    readonly hooks: readonly PlannedHook[],
    readonly notice: (message: string) => void,
  ) {}

  /**
   * Does a run's work, with the hooks called before and after it, however it ends. The error of the work is the one to report.
   *
   * @param outcomeOf how work ended that threw.
   */
  async during<R extends object>(
    run: HookRun,
    work: () => Promise<R>,
    outcomeOf: (error: unknown) => HookEnd['outcome'],
  ): Promise<R> {
    let result: R;
    try {
      await this.onRunStart(run);
      result = await work();
    } catch (error) {
      await this.onRunEnd({ outcome: outcomeOf(error), result: null }).catch((failure: unknown) =>
        this.notice((failure as Error).message),
      );
      throw error;
    }
    const outcome = 'stopped' in result ? 'stopped' : 'finished';
    await this.onRunEnd({ outcome, result: encodeNumbers(result) });
    return result;
  }

  async onRunStart(run: HookRun): Promise<void> {
    for (const planned of this.hooks)
      await this.#call(planned, 'onRunStart', () => planned.hook.onRunStart?.(run));
  }

  /** Null where no hook asks to stop; else the request of the first one that does. */
  onStep(step: HookStep): Promise<Stop | null> {
    return this.#ask('onStep', (hook) => hook.onStep?.(step));
  }

  onEpoch(epoch: HookEpoch): Promise<Stop | null> {
    return this.#ask('onEpoch', (hook) => hook.onEpoch?.(epoch));
  }

  async onEpochSaved(epoch: HookEpoch): Promise<void> {
    for (const planned of this.hooks)
      await this.#call(planned, 'onEpochSaved', () => planned.hook.onEpochSaved?.(epoch));
  }

  async onRunEnd(end: HookEnd): Promise<void> {
    for (const planned of this.hooks)
      await this.#call(planned, 'onRunEnd', () => planned.hook.onRunEnd?.(end));
  }

  /** Whether any hook is called after every step. */
  get followsSteps(): boolean {
    return this.#active().some(({ hook }) => hook.onStep !== undefined);
  }

  async memoryOf(model: string): Promise<HookMemory> {
    const states: Record<string, string> = {};
    for (const planned of this.#active()) {
      const { hook } = planned;
      const state = await this.#call(planned, 'state', () => hook.state?.(model));
      if (state !== undefined) states[hook.name] = JSON.stringify(state);
    }
    return { states, disabled: [...this.#disabled].map(({ name }) => name) };
  }

  async restore(model: string, { states, disabled }: HookMemory, continued: boolean): Promise<void> {
    for (const planned of this.hooks) {
      const { hook } = planned;
      if (disabled.includes(hook.name)) this.#disabled.add(hook);
      const text = Object.hasOwn(states, hook.name) ? states[hook.name] : undefined;
      if (text === undefined) continue;
      await this.#call(planned, 'restore', () =>
        hook.restore?.(model, JSON.parse(text) as Json, { continued }),
      );
    }
  }

  #active(): readonly PlannedHook[] {
    return this.hooks.filter(({ hook }) => !this.#disabled.has(hook));
  }

  /** Every hook is asked, so that what one sees does not depend on the others. */
  async #ask(event: 'onStep' | 'onEpoch', f: (hook: RunHook) => unknown): Promise<Stop | null> {
    let first: Stop | null = null;
    for (const planned of this.#active()) {
      const stop = await this.#call(planned, event, async () =>
        stopOf(planned, event, await f(planned.hook)),
      );
      first ??= stop ?? null;
    }
    return first;
  }

  async #call<T>(planned: PlannedHook, event: string, f: () => T | Promise<T>): Promise<T | undefined> {
    const { hook } = planned;
    if (this.#disabled.has(hook)) return undefined;
    try {
      return await f();
    } catch (error) {
      const fault = faultOf('ANC_HOOK', `${inWords(planned)} in ${event}`, error);
      if (hook.onError !== 'disable') throw fault;
      this.#disabled.add(hook);
      const { message } = fault as Error;
      const where =
        isAncError(fault) && fault.detail.received !== undefined ? ` (${fault.detail.received})` : '';
      this.notice(`${message.replace(/\.$/, '')}${where}. The run goes on without this hook.`);
      return undefined;
    }
  }
}

const inWords = ({ hook, plugin }: PlannedHook): string => `hook "${hook.name}" of plugin "${plugin}"`;

/** Throws `ANC_HOOK` where an answer is neither nothing nor a request. */
function stopOf(planned: PlannedHook, event: string, answer: unknown): Stop | null {
  if (answer === undefined || answer === null) return null;
  const { stop, reason } = answer as Partial<StopRequest>;
  if ((stop === 'model' || stop === 'run') && typeof reason === 'string')
    return { stop, reason, by: planned.hook.name, plugin: planned.plugin };
  throw new AncError('ANC_HOOK', `${inWords(planned)} answered ${event} with something else.`, {
    expected: "nothing, or { stop: 'model' or 'run', reason: '…' }",
    received: JSON.stringify(answer),
  });
}
