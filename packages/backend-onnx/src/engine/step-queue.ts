import type { StepPlan, SerializedTensor, SerializedTensors } from './protocol.js';

/** Which session advances which state, and where its metrics are added up. */
export interface StepTarget {
  readonly session: number;
  readonly state: number;
  readonly account: number;
  readonly plan: StepPlan;
}

type Send = (target: StepTarget, feeds: SerializedTensors, steps: number) => Promise<number>;

/** A call should take about this long, so that progress and Ctrl-C stay alive. */
const CALL_MILLISECONDS = 750;

/**
 * Steps that wait to be sent together. The state of a large network is copied out of the runtime at the end of every
 * call; several steps in one call share that. How many depends on how long they take, what they give does not.
 */
export class StepQueue {
  #waiting: { readonly target: StepTarget; readonly feeds: SerializedTensors[] } | null = null;
  /** The last call that was sent; calls are answered in order. */
  #running: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #size = 1;

  /** most: steps in one call. */
  constructor(
    readonly most: number,
    readonly send: Send,
  ) {}

  /**
   * Takes one step, and waits where one call is full and another still runs. What goes wrong in a call is thrown by
   * the `add` or `settled` after it.
   */
  async add(target: StepTarget, feeds: SerializedTensors): Promise<void> {
    const { session, state, account } = target;
    const last = this.#waiting?.target;
    if (last?.session !== session || last.state !== state || last.account !== account) this.flush();
    this.#waiting ??= { target, feeds: [] };
    this.#waiting.feeds.push(feeds);
    if (this.#waiting.feeds.length < this.#size) return;
    const before = this.#running;
    this.flush();
    await before;
    this.#throwFailure();
  }

  /** Sends what waits. Calls that are sent after it see its effects. */
  flush(): void {
    if (this.#waiting === null) return;
    const { target, feeds } = this.#waiting;
    this.#waiting = null;
    const steps = feeds.length;
    this.#running = this.send(target, stacked(feeds), steps).then(
      (milliseconds) => {
        const fitting = Math.floor((CALL_MILLISECONDS * steps) / milliseconds);
        this.#size = Math.min(Math.max(fitting, 1), this.most);
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }

  /** Sends what waits and waits until all steps are done. */
  async settled(): Promise<void> {
    this.flush();
    await this.#running;
    this.#throwFailure();
  }

  /** Throws what went wrong first since it was last asked, in whichever call. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure as Error;
  }
}

/** Entries of several steps side by side, with a leading axis of steps. */
function stacked(feeds: readonly SerializedTensors[]): SerializedTensors {
  const first = feeds[0]!;
  return Object.fromEntries(
    Object.entries(first).map(([name, { type, shape, data }]) => {
      const all = new (data.constructor as new (length: number) => SerializedTensor['data'])(
        data.length * feeds.length,
      );
      feeds.forEach((each, i) => all.set(each[name]!.data, i * data.length));
      return [name, { type, shape: [feeds.length, ...shape], data: all }] as const;
    }),
  );
}
