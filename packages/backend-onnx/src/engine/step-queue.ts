import type { StepPlan, SerializedTensor, SerializedTensors } from './protocol.js';

/** Which session advances which state, and which accumulator adds up its metrics. */
export interface StepTarget {
  readonly session: number;
  readonly state: number;
  readonly accumulator: number;
  readonly plan: StepPlan;
}

type Send = (target: StepTarget, feeds: SerializedTensors, steps: number) => Promise<number>;

/** Target duration of a call, so that progress and Ctrl-C stay responsive. */
const CALL_MILLISECONDS = 750;

/**
 * Steps that wait to be sent in one call. The state of a large network is copied out of the runtime at the end of every
 * call; several steps per call share that copy. How many steps share one depends on their duration, their results do
 * not.
 */
export class StepQueue {
  #waiting: { readonly target: StepTarget; readonly feeds: SerializedTensors[] } | null = null;
  /** The call sent last; calls are answered in order. */
  #running: Promise<void> = Promise.resolve();
  #failure: unknown = null;
  #size = 1;

  /** most: maximum number of steps per call. */
  constructor(
    readonly most: number,
    readonly send: Send,
  ) {}

  /**
   * Adds one step, and waits if one call is full and another still runs. An error in a call is thrown by the next `add`
   * or `settled`.
   */
  async add(target: StepTarget, feeds: SerializedTensors): Promise<void> {
    const { session, state, accumulator } = target;
    const last = this.#waiting?.target;
    if (last?.session !== session || last.state !== state || last.accumulator !== accumulator) this.flush();
    this.#waiting ??= { target, feeds: [] };
    this.#waiting.feeds.push(feeds);
    if (this.#waiting.feeds.length < this.#size) return;
    const previous = this.#running;
    this.flush();
    await previous;
    this.#throwFailure();
  }

  /** Sends the waiting steps. Calls that are sent afterwards see their effects. */
  flush(): void {
    if (this.#waiting === null) return;
    const { target, feeds } = this.#waiting;
    this.#waiting = null;
    const steps = feeds.length;
    this.#running = this.send(target, stacked(feeds), steps).then(
      (milliseconds) => {
        const steady = Math.floor((CALL_MILLISECONDS * steps) / milliseconds);
        this.#size = Math.min(Math.max(steady, 1), this.most);
      },
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }

  /** Sends the waiting steps and waits until all are done. */
  async settled(): Promise<void> {
    this.flush();
    await this.#running;
    this.#throwFailure();
  }

  /** Throws the first error of any call since the last time. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure as Error;
  }
}

/** Stacks the feeds of several steps along a leading axis. */
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
