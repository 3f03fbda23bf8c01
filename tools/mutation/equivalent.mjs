/**
 * Mutants that no test can notice, because they change nothing but speed, or nothing at all: `[text, its replacement]`.
 *
 * @type {{ file: string, why: string, mutants: [string, string][] }[]}
 */
export const EQUIVALENT = [
  {
    file: 'checkpoint-store.ts',
    why: 'without a checkpoint, the names to remove are of no file',
    mutants: [['serial === undefined', 'false']],
  },
  {
    file: 'checkpoint-store.ts',
    why: 'without an encoding a buffer is read, whose text is the same to JSON.parse',
    mutants: [["'utf8'", '""']],
  },
  {
    file: 'checkpoint-store.ts',
    why: 'a name of no checkpoint is filtered out',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    file: 'manifest.ts',
    why: 'what is JSON and no object has none of the fields',
    mutants: [["typeof value === 'object'", 'true']],
  },
  {
    file: 'atomic-write.ts',
    why: 'errors of the removal are ignored, that of a missing file too',
    mutants: [
      ['{ force: true }', '{}'],
      ['true', 'false'],
    ],
  },
  {
    file: 'atomic-write.ts',
    why: 'Node writes pieces as well, with the event loop between them: slower',
    mutants: [["typeof content === 'string' || content instanceof Uint8Array", 'true']],
  },
  {
    file: 'checksums.ts',
    why: 'the same lines are written again',
    mutants: [
      [
        'known.some((other) => other !== digest) && (await isThere(join(this.folder, name)))',
        'known.some(other => other !== digest) || (await isThere(join(this.folder, name)))',
      ],
      ['other !== digest', 'true'],
      ['known.join() !== digest', 'true'],
      ['replaced', 'true'],
    ],
  },
  {
    file: 'checksums.ts',
    why: 'a digest that nobody recorded equals none',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    file: 'checksums.ts',
    why: 'without the last line, what is compared with it is one character',
    mutants: [['end < 0', 'false']],
  },
  {
    file: 'checksums.ts',
    why: 'the checksum of the lines was verified: they have the form in which they are written',
    mutants: [
      ['text.slice(0, end)', 'text'],
      ['/^([0-9a-f]{64}) {2}(.+)$/', '/([0-9a-f]{64}) {2}(.+)$/'],
      ['/^([0-9a-f]{64}) {2}(.+)$/', '/^([0-9a-f]{64}) {2}(.+)/'],
      ['digest !== undefined && name !== undefined', 'digest !== undefined || name !== undefined'],
      ['digest !== undefined', 'true'],
      ['name !== undefined', 'true'],
    ],
  },
  {
    file: 'checksums.ts',
    why: 'smaller pieces are read: slower',
    mutants: [['{ highWaterMark: 1 << 20 }', '{}']],
  },
  {
    file: 'checksums.ts',
    why: 'undefined is false where it is read',
    mutants: [['() => false', '() => undefined']],
  },
  {
    file: 'adversarial-step.ts',
    why: 'an id tells the same steps apart with a flag inverted, and without its kind',
    mutants: [
      ['setup.frozen === true', 'setup.frozen !== true'],
      ["'adversarial'", '""'],
    ],
  },
  {
    file: 'terms.ts',
    why: 'the id of an adversarial step has other fields',
    mutants: [["'terms'", '""']],
  },
  {
    file: 'adversarial-student-phase.ts',
    why: 'a text has no auxiliary layers',
    mutants: [['[]', '["Stryker was here"]']],
  },
  {
    file: 'builtin-parts.ts',
    why: 'no schema of the program is asynchronous, or has a path of objects; an issue has a path',
    mutants: [
      ['result instanceof Promise', 'false'],
      [
        '{ throw new AncError(\'ANC_OPTIONS\', `the options of ${kind} "${name}" are checked asynchronously.`); }',
        '{}',
      ],
      ["'ANC_OPTIONS'", '""'],
      ['`the options of ${kind} "${name}" are checked asynchronously.`', '``'],
      ["typeof part === 'object'", 'false'],
      ["'object'", '""'],
      ['[]', '["Stryker was here"]'],
    ],
  },
  {
    file: 'builtin-optimizers.ts',
    why: 'what is not l2 is decoupled, and without a direction the order of decay makes no difference',
    mutants: [
      ["'l2'", '""'],
      ["'decoupled'", '""'],
    ],
  },
  {
    file: 'builtin-schedules.ts',
    why: 'at the border both sides give the same rate',
    mutants: [
      ['rest >= lengths[cycle]! - 1e-9', 'rest > lengths[cycle]! - 1e-9'],
      ['at <= top', 'at < top'],
    ],
  },
  {
    file: 'name-mask.ts',
    why: 'the words stand for themselves within a list, too',
    mutants: [
      ["mask === 'all'", 'false'],
      ["mask === 'weights'", 'false'],
    ],
  },
  {
    file: 'optimizer-config.ts',
    why: 'the code of an issue is not read',
    mutants: [["'custom'", '""']],
  },
  {
    file: 'optimizer-config.ts',
    why: 'an average that is undefined is none',
    mutants: [['ema === undefined', 'false']],
  },
  {
    file: 'optimizer.ts',
    why: 'no rate is no decay, in any mode and scope',
    mutants: [
      ["{ rate: 0, mode: 'l2', scope: 'weights' }", '{}'],
      ["'l2'", '""'],
      ["'weights'", '""'],
    ],
  },
  {
    file: 'transforms.ts',
    why: 'adding nothing takes time, and changes nothing',
    mutants: [['decay === 0', 'false']],
  },
];
