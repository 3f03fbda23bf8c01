import { createConsola, type ConsolaInstance } from 'consola/basic';

/** Where text goes: a process's streams, or a test's. */
export type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

/**
 * Where the program prints: results on stdout, everything else on stderr. With `--json` stdout carries
 * exactly one document.
 */
export interface Terminal {
  readonly stderr: Stream;
  /** Messages for people: stderr. */
  readonly log: ConsolaInstance;
  /** A result for people; nothing with `--json`. */
  print(text: string): void;
  /** The one document of `--json`, with null for numbers that JSON cannot hold; nothing without. */
  document(value: unknown): void;
}

export function createTerminal(json: boolean, { stdout, stderr }: Streams): Terminal {
  const stream = stderr as NodeJS.WriteStream; // consola does nothing but write to it
  return {
    stderr,
    log: createConsola({ stdout: stream, stderr: stream, formatOptions: { date: false } }),
    print(text) {
      if (!json) stdout.write(`${text}\n`);
    },
    document(value) {
      if (json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
  };
}
