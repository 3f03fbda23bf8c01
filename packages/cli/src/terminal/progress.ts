import type { Alarm, Progress, Tree } from '@anc/core';
import type { Reporter } from '../run/reporter.js';
import { formatRate, formatSeconds, formatShare } from './table.js';
import type { Terminal } from './terminal.js';

/** Milliseconds between updates: of the line on a terminal, and of plain lines elsewhere. */
const INTERVAL = { live: 100, plain: 5000 };

/**
 * Progress on stderr: one line that is written over on a terminal, a line every few seconds elsewhere, and
 * one per epoch.
 */
export class ProgressPrinter implements Reporter {
  readonly #live: boolean;
  #title = '';
  #metrics: Tree<number> = {};
  #startedAt = 0;
  #startStep = -1;
  #shownAt = 0;
  #alarmed = new Set<string>();

  constructor(
    readonly terminal: Terminal,
    readonly quiet: boolean,
  ) {
    this.#live = terminal.stderr.isTTY;
  }

  begin(player: string, { index, count }: { index: number; count: number }): void {
    this.#title = `${player} (${index} of ${count})`;
    this.#metrics = {};
    this.#startStep = -1;
    this.#alarmed = new Set();
    this.#line(this.#title);
  }

  step(clock: Progress, batchSize: number): void {
    const now = performance.now();
    if (this.#startStep < 0) [this.#startStep, this.#startedAt] = [clock.step, now]; // the first step compiles
    if (this.quiet || now - this.#shownAt < (this.#live ? INTERVAL.live : INTERVAL.plain)) return;
    this.#shownAt = now;
    const steps = clock.step - this.#startStep;
    const perSecond = (1000 * steps) / (now - this.#startedAt);
    const left = (clock.epochs * clock.stepsPerEpoch - clock.step) / perSecond;
    const epoch = Math.min(clock.epochs, Math.floor(clock.step / clock.stepsPerEpoch) + 1);
    this.#show(
      [
        `${this.#title}  epoch ${epoch}/${clock.epochs}`,
        `${Math.floor((100 * clock.step) / (clock.epochs * clock.stepsPerEpoch))} %`,
        ...(steps > 0 ? [formatRate(perSecond * batchSize), `${formatSeconds(left)} left`] : []),
        describeMetrics(this.#metrics),
      ]
        .filter((part) => part !== '')
        .join('  '),
    );
  }

  metrics(metrics: Tree<number>): void {
    this.#metrics = metrics;
  }

  epoch(clock: Progress, metrics: Tree<number>, alarms: readonly Alarm[]): void {
    this.#line(`${this.#title}  epoch ${clock.epoch + 1}/${clock.epochs} done  ${describeMetrics(metrics)}`);
    for (const { code, message, advice } of alarms) {
      if (this.#alarmed.has(code)) continue; // once per player: it rarely changes from epoch to epoch
      this.#alarmed.add(code);
      this.notice(`${message} ${advice}`);
    }
  }

  activity(what: string, done: number, count: number): void {
    this.state(`${what}  ${done}/${count}`);
  }

  /** What is going on right now: shown now and then, and written over. */
  state(text: string): void {
    const now = performance.now();
    if (this.quiet || now - this.#shownAt < (this.#live ? INTERVAL.live : INTERVAL.plain)) return;
    this.#shownAt = now;
    this.#show(text);
  }

  end(line: string): void {
    this.#line(line);
  }

  notice(message: string): void {
    this.#clear();
    this.terminal.log.warn(message);
  }

  close(): void {
    this.#clear();
  }

  #show(text: string): void {
    const room = (this.terminal.stderr.columns || 120) - 1;
    this.terminal.stderr.write(this.#live ? `\r\u001b[2K${text.slice(0, room)}` : `${text}\n`);
  }

  #line(text: string): void {
    if (this.quiet) return;
    this.#clear();
    this.terminal.stderr.write(`${text}\n`);
  }

  #clear(): void {
    if (this.#live && !this.quiet) this.terminal.stderr.write('\r\u001b[2K');
  }
}

const SHARES = new Set(['error', 'agreement', 'validation/error', 'validation/agreement']);

/** `loss 0.312  agreement 91.20 %`: the numbers worth a place on the line. */
function describeMetrics(metrics: Tree<number>): string {
  const shown = Object.entries(metrics).filter(
    ([name]) => name.startsWith('loss') || SHARES.has(name) || name === AUC,
  );
  const whole = metrics[WHOLE];
  const terms = shown.filter(([name]) => name.startsWith('loss/') && name !== WHOLE);
  const [only] = terms.length === 1 ? terms : [];
  const same = whole !== undefined && only?.[1].toPrecision(3) === whole.toPrecision(3) ? only : undefined;
  return shown
    .filter((entry) => entry !== same) // a loss of one term is that term
    .map(
      ([name, value]) => `${labelOf(name)} ${SHARES.has(name) ? formatShare(value) : value.toPrecision(3)}`,
    )
    .join('  ');
}

/** What the student minimises, all terms weighed and added. */
const WHOLE = 'loss/student';

const AUC = 'discriminator/auc';

const labelOf = (name: string): string =>
  name === WHOLE ? 'loss' : name === AUC ? 'auc' : name.replace('loss/', '');
