import { createConsola, type ConsolaInstance } from 'consola/basic';

/**
 * Where the program prints: results on stdout, everything else on stderr. With `--json` stdout carries
 * exactly one document.
 */
export interface Terminal {
  readonly json: boolean;
  /** Messages for people: stderr. */
  readonly log: ConsolaInstance;
  /** A result for people; nothing with `--json`. */
  print(text: string): void;
  /** The one document of `--json`; nothing without. */
  document(value: unknown): void;
}

export function createTerminal(json: boolean): Terminal {
  return {
    json,
    log: createConsola({
      stdout: process.stderr,
      stderr: process.stderr,
      fancy: process.stderr.isTTY === true,
      formatOptions: { date: false },
    }),
    print(text) {
      if (!json) process.stdout.write(`${text}\n`);
    },
    document(value) {
      if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
  };
}
