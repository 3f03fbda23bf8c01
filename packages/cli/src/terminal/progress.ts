import type { Alarm, Progress, TaskMetric, Tree } from '@anc/core';
import type { DoneEvent, ModelResult, RunEvent, StagePlace } from '@anc/pipeline';
import { formatMetric, formatRate, formatSeconds, formatShare } from '@anc/pipeline/options';
import { CLEAR, JobLines } from './job-lines.js';
import type { Terminal } from './terminal.js';

/** Milliseconds between updates: of the line on a terminal, and of plain lines elsewhere. */
const INTERVAL = { live: 100, plain: 5000 };

/**
 * Shows the events of a run on stderr: one line that is overwritten on a terminal, a line every few seconds elsewhere,
 * and one line per epoch.
 */
export class ProgressPrinter {
  readonly #live: boolean;
  #title = '';
  #metrics: Tree<number> = {};
  /** Those of the run's task; null for classification. */
  #measured: readonly TaskMetric[] | null = null;
  #startedAt = 0;
  #startStep = -1;
  #shownAt = 0;
  #warned = new Set<string>();
  readonly #noticed = new Set<string>();
  /** One for each of several processes. */
  readonly #workers = new Map<number, ProgressPrinter>();
  #lines: JobLines | null = null;

  constructor(
    readonly terminal: Terminal,
    readonly quiet: boolean,
    /** An option's name for people, e.g. its flag. */
    readonly nameOf: (path: readonly PropertyKey[]) => string = (path) => path.join('.'),
  ) {
    this.#live = terminal.stderr.isTTY;
  }

  /** Shows one event. Usable as the `emit` of a run. */
  readonly show = (event: RunEvent | DoneEvent<unknown>): void => {
    if (event.type !== 'notice' && event.type !== 'done' && event.worker !== undefined) {
      const { worker, ...own } = event;
      this.#ofWorker(worker).show(own);
      return;
    }
    switch (event.type) {
      case 'model': {
        this.#measured = event.task?.metrics ?? null;
        this.#begin(`${scopeOf(event)}${event.model} (${event.index} of ${event.count})`);
        return;
      }
      case 'step': {
        this.#step(event.stage, event.progress, event.batchSize);
        return;
      }
      case 'metrics':
        this.#metrics = event.metrics;
        return;
      case 'epoch': {
        this.#epoch(event.stage, event.progress, event.metrics, event.alarms);
        return;
      }
      case 'activity': {
        this.state(`${scopeOf(event)}${event.what}  ${event.done}/${event.count}`);
        return;
      }
      case 'result': {
        this.line(
          `${scopeOf(event)}${event.model}: ${describeResult(event.result, event.trained, this.#measured)}`,
        );
        return;
      }
      case 'message': {
        this.line(`${scopeOf(event)}${event.message}`);
        return;
      }
      case 'notice': {
        const { path, problem } = event;
        const text =
          path === undefined || problem === undefined ? event.message : `${this.nameOf(path)} ${problem}`;
        if (!this.#noticed.has(text)) this.notice(text);
        this.#noticed.add(text);
        return;
      }
      case 'plan':
      case 'done':
        return;
    }
  };

  /** What is going on right now: shown now and then, and overwritten. */
  state(text: string): void {
    const now = performance.now();
    if (this.quiet || now - this.#shownAt < (this.#live ? INTERVAL.live : INTERVAL.plain)) return;
    this.#shownAt = now;
    this.#print(text);
  }

  /** A line that stays. */
  line(text: string): void {
    if (this.quiet) return;
    this.#clear();
    this.terminal.stderr.write(`${text}\n`);
  }

  notice(message: string): void {
    this.#clear();
    this.terminal.log.warn(message);
  }

  close(): void {
    this.#clear();
  }

  #ofWorker(worker: number): ProgressPrinter {
    const known = this.#workers.get(worker);
    if (known !== undefined) return known;
    this.#lines ??= new JobLines(this.terminal.stderr);
    const terminal = { ...this.terminal, stderr: this.#lines.of(worker) };
    const printer = new ProgressPrinter(terminal, this.quiet, this.nameOf);
    this.#workers.set(worker, printer);
    return printer;
  }

  #begin(title: string): void {
    this.#title = title;
    this.#metrics = {};
    this.#startStep = -1;
    this.#warned = new Set();
    this.line(title);
  }

  #step(stage: StagePlace, progress: Progress, batchSize: number): void {
    const now = performance.now();
    if (this.#startStep < 0 || progress.step < this.#startStep) {
      [this.#startStep, this.#startedAt] = [progress.step, now]; // the first step compiles
    }
    if (this.quiet || now - this.#shownAt < (this.#live ? INTERVAL.live : INTERVAL.plain)) return;
    this.#shownAt = now;
    const steps = progress.step - this.#startStep;
    const perSecond = (1000 * steps) / (now - this.#startedAt);
    const total = progress.epochs * progress.stepsPerEpoch;
    const epoch = Math.min(progress.epochs, Math.floor(progress.step / progress.stepsPerEpoch) + 1);
    this.#print(
      [
        `${this.#titleOf(stage)}  epoch ${epoch}/${progress.epochs}`,
        `${Math.floor((100 * progress.step) / total)} %`,
        ...(steps > 0
          ? [formatRate(perSecond * batchSize), `${formatSeconds((total - progress.step) / perSecond)} left`]
          : []),
        describeMetrics(this.#metrics, this.#measured),
      ]
        .filter((part) => part !== '')
        .join('  '),
    );
  }

  #epoch(
    stage: StagePlace,
    { epoch, epochs }: Progress,
    metrics: Tree<number>,
    alarms: readonly Alarm[],
  ): void {
    this.line(
      `${this.#titleOf(stage)}  epoch ${epoch + 1}/${epochs} done  ${describeMetrics(metrics, this.#measured)}`,
    );
    for (const { code, message, advice } of alarms) {
      if (this.#warned.has(code)) continue; // once per model: it rarely changes from epoch to epoch
      this.#warned.add(code);
      this.notice(`${message} ${advice}`);
    }
  }

  /** The model's title, with the stage where its method has several. */
  #titleOf({ name, index, count }: StagePlace): string {
    return count === 1 ? this.#title : `${this.#title}, stage ${name} (${index} of ${count})`;
  }

  #print(text: string): void {
    const room = (this.terminal.stderr.columns || 120) - 1;
    this.terminal.stderr.write(this.#live ? `${CLEAR}${text.slice(0, room)}` : `${text}\n`);
  }

  #clear(): void {
    if (this.#live && !this.quiet) this.terminal.stderr.write(CLEAR);
  }
}

const scopeOf = ({ scope }: RunEvent): string => (scope === undefined ? '' : `${scope}, `);

function describeResult(
  { testError, metrics, seconds }: ModelResult,
  trained: boolean,
  measured: readonly TaskMetric[] | null,
): string {
  const found =
    measured === null
      ? `test error ${formatShare(testError)}`
      : measured
          .filter(({ inTables = true }) => inTables)
          .map((metric) => {
            const { name, label = name } = metric;
            return `${label} ${formatMetric(metrics?.[name] ?? null, metric)}`;
          })
          .join(', ');
  if (trained) return `${found}, trained in ${formatSeconds(seconds)}`;
  return seconds === 0 ? found : `finished before, ${found}`;
}

/** The metrics of classification. */
const ERROR: readonly TaskMetric[] = [{ name: 'error', better: 'lower' }];
const AGREEMENT: TaskMetric = { name: 'agreement', better: 'higher' };
const AUC = ['auc', 'discriminator/auc'];

/** `loss 0.312  agreement 91.20 %`: the most informative metrics. */
function describeMetrics(metrics: Tree<number>, measured: readonly TaskMetric[] | null): string {
  const ofTask = new Map(
    [...(measured ?? ERROR), AGREEMENT].flatMap((metric) =>
      [metric.name, `validation/${metric.name}`].map((name) => [name, metric] as const),
    ),
  );
  const shown = Object.entries(metrics).filter(
    ([name]) => name.startsWith('loss') || ofTask.has(name) || AUC.includes(name),
  );
  const whole = metrics[WHOLE];
  const terms = shown.filter(([name]) => name.startsWith('loss/') && name !== WHOLE);
  const [only] = terms.length === 1 ? terms : [];
  const same = whole !== undefined && only?.[1].toPrecision(3) === whole.toPrecision(3) ? only : undefined;
  return shown
    .filter((entry) => entry !== same) // a loss of one term is that term
    .map(([name, value]) => {
      const metric = ofTask.get(name);
      return `${labelOf(name)} ${metric === undefined ? value.toPrecision(3) : formatMetric(value, metric)}`;
    })
    .join('  ');
}

/** The student's total loss: the weighted sum of all terms. */
const WHOLE = 'loss/student';

function labelOf(name: string): string {
  if (name === WHOLE) return 'loss';
  return AUC.includes(name) ? 'auc' : name.replace('loss/', '');
}
