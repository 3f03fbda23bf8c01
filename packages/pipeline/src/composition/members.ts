import { AncError } from '@anc/core';
import type { Kind } from './kinds.js';

/** A value that a member must have: a test, and the words for it. */
type Value = readonly [(value: unknown) => boolean, string];

/** What a component consists of. */
interface Members {
  /** The member that identifies it. */
  readonly name: 'name' | 'id';
  readonly functions: readonly string[];
  /** Exactly one of them, besides. */
  readonly oneOf?: readonly string[];
  /** May be left out. */
  readonly optional?: readonly string[];
  readonly values?: Readonly<Record<string, Value>>;
  /** May be left out. */
  readonly optionalValues?: Readonly<Record<string, Value>>;
}

const text: Value = [(value) => typeof value === 'string', 'a text'];
const flag: Value = [(value) => typeof value === 'boolean', 'true or false'];
const texts: Value = [
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  'a list of texts',
];
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;
const oneOfTexts = (...texts: readonly string[]): Value => [
  (value) => texts.some((one) => one === value),
  texts.map((one) => `"${one}"`).join(' or '),
];
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const network = ['init', 'apply', 'summary'];

const MEMBERS: Readonly<Record<Kind, Members>> = {
  models: { name: 'name', functions: network },
  datasets: {
    name: 'name',
    functions: ['split'],
    optional: ['validation'],
    values: {
      shape: [
        (value) => Array.isArray(value) && value.length === 3 && value.every(isCount),
        '[height, width, channels], whole numbers from 1',
      ],
      classes: texts,
    },
    optionalValues: { task: text, classesAreFolders: flag, hasImages: flag, notices: texts },
  },
  augmentations: { name: 'id', functions: ['draw'], oneOf: ['apply', 'mix'] },
  methods: {
    name: 'name',
    functions: ['network', 'stages'],
    values: { labels: oneOfTexts('never', 'optional', 'required'), needsTeacher: flag },
  },
  discriminators: { name: 'name', functions: network, optionalValues: { conditional: flag } },
  regularizers: { name: 'name', functions: ['penalty'], optional: ['memory', 'next'] },
  dataTerms: { name: 'name', functions: ['loss'], optionalValues: { teacherOutputs: texts } },
  adversarialLosses: { name: 'name', functions: ['discriminator', 'student'] },
  balancers: {
    name: 'name',
    functions: ['weight', 'next'],
    values: {
      memory: [
        (value) => isRecord(value) && Object.values(value).every((one) => Number.isFinite(one)),
        'an object of finite numbers by name; {} without a memory',
      ],
    },
  },
  generators: {
    name: 'name',
    functions: network,
    values: { noise: [isCount, 'the width of the noise, a whole number from 1'] },
  },
  discrepancies: { name: 'name', functions: ['distance'] },
  generatorTerms: { name: 'name', functions: ['penalty'] },
  memories: { name: 'name', functions: ['init', 'push', 'draw'], values: { fresh: flag } },
  tasks: {
    name: 'name',
    functions: [
      ...['outputs', 'targets', 'loss', 'batchMetrics', 'batchAgreement'],
      ...['predict', 'agreement', 'measure'],
    ],
    values: {
      metrics: [
        (value) =>
          Array.isArray(value) &&
          value.length > 0 &&
          value.every(
            (one) =>
              isRecord(one) && typeof one.name === 'string' && /^(higher|lower)$/.test(String(one.better)),
          ),
        "a list of at least one { name, better: 'higher' or 'lower' }",
      ],
    },
  },
  optimizers: { name: 'id', functions: ['init', 'update'] },
  schedules: { name: 'name', functions: ['factor'] },
  hooks: {
    name: 'name',
    functions: [],
    optional: [...['onRunStart', 'onStep', 'onEpoch', 'onEpochSaved', 'onRunEnd'], ...['state', 'restore']],
    values: { onError: oneOfTexts('end', 'disable') },
    optionalValues: { needsValidation: flag },
  },
  backends: {
    name: 'name',
    functions: ['upload', 'compile', 'compileFunction', 'rehearse', 'dispose'],
    values: {
      capabilities: [
        (value) =>
          isRecord(value) &&
          ['training', 'deterministic', 'compiled'].every((name) => typeof value[name] === 'boolean') &&
          [undefined, null, 'blocking', 'awaiting'].includes(value['rankMeans'] as undefined),
        '{ training, deterministic, compiled }, true or false each, and rankMeans: blocking, awaiting or null',
      ],
      environment: [isRecord, 'an object of texts and numbers'],
    },
  },
};

/** Kinds whose `create` may return a promise. */
export const MAY_WAIT: readonly Kind[] = ['datasets', 'backends', 'augmentations', 'models'];

/**
 * Checks that what a plugin made is of its kind, before anything calls it.
 *
 * @param what it is called in the error.
 * @throws `ANC_PLUGIN` where a function or its name is missing, or a value is wrong.
 */
export function assertMembers(kind: Kind, made: unknown, what: string): void {
  const { name, functions, oneOf, optional = [], values = {}, optionalValues = {} } = MEMBERS[kind];
  const isObject = isRecord(made) && !(made instanceof Promise);
  const members: Record<string, unknown> = isObject ? made : {};
  const isFunction = (key: string): boolean => typeof members[key] === 'function';
  const missing = functions.filter((key) => !isFunction(key)).map((key) => `${key}()`);
  if (oneOf !== undefined && oneOf.filter(isFunction).length !== 1)
    missing.push(`one of ${oneOf.map((key) => `${key}()`).join(' and ')}`);
  const isNamed = typeof members[name] === 'string' && members[name] !== '';
  if (missing.length > 0 || !isNamed) {
    throw new AncError('ANC_PLUGIN', `${what} is incomplete.`, {
      expected: `an object with ${name === 'name' ? 'a name' : 'an id'}${wordsFor(functions, oneOf)}`,
      received: isObject ? `no ${[...(isNamed ? [] : [name]), ...missing].join(', ')}` : inWords(made),
      hint: 'return it from create; see docs/plugins.md.',
    });
  }
  const checks: readonly (readonly [string, Value])[] = [
    ...Object.entries(values),
    ...[
      ...Object.entries(optionalValues),
      ...optional.map((key): [string, Value] => [key, [() => isFunction(key), 'a function, or nothing']]),
    ].filter(([key]) => members[key] !== undefined),
  ];
  const wrong = checks.find(([key, [isRight]]) => !isRight(members[key]));
  if (wrong === undefined) return;
  const [key, [, expected]] = wrong;
  throw new AncError('ANC_PLUGIN', `${what} has a wrong "${key}".`, {
    expected,
    received: inWords(members[key]),
    hint: 'see docs/plugins.md for one of its kind.',
  });
}

function wordsFor(functions: readonly string[], oneOf: readonly string[] | undefined): string {
  const needed = [...functions, ...(oneOf === undefined ? [] : [oneOf.join(' or ')])];
  return needed.length === 0 ? '' : ` and the function${needed.length === 1 ? '' : 's'} ${needed.join(', ')}`;
}

function inWords(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'function') return 'a function';
  if (!isRecord(value))
    return typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : String(value);
  return Array.isArray(value) ? JSON.stringify(value).slice(0, 200) : `{ ${Object.keys(value).join(', ')} }`;
}
