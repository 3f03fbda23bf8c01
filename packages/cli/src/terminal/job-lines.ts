import type { Stream } from './terminal.js';

/** Clears the line of a terminal that is overwritten. */
export const CLEAR = '\r\u001b[2K';

/**
 * Where several jobs write at once: on a terminal their states stand side by side in the one line that is overwritten, and lines
 * that stay go above it; elsewhere everything is a line.
 */
export class JobLines {
  readonly #states = new Map<number, string>();

  constructor(readonly stderr: Stream) {}

  /** The stream of one job. */
  of(job: number): Stream {
    const { stderr } = this;
    const states = this.#states;
    if (stderr.isTTY) states.set(job, '');
    return {
      isTTY: stderr.isTTY,
      get columns() {
        return Math.max(20, Math.floor(stderr.columns / Math.max(1, states.size)) - SEPARATOR.length);
      },
      write: (text: string) => this.#write(job, text),
    };
  }

  #write(job: number, text: string): boolean {
    if (!this.stderr.isTTY) return this.stderr.write(text);
    if (!text.startsWith(CLEAR)) return this.stderr.write(`${CLEAR}${text}`) && this.#draw();
    const state = text.slice(CLEAR.length);
    if (state === '') return true; // a line follows, after which everything is drawn again
    this.#states.set(job, state);
    return this.#draw();
  }

  #draw(): boolean {
    const line = [...this.#states.values()].filter((state) => state !== '').join(SEPARATOR);
    return this.stderr.write(`${CLEAR}${line.slice(0, (this.stderr.columns || 120) - 1)}`);
  }
}

const SEPARATOR = ' | ';
