import {
  AncError,
  Backend,
  Dataset,
  definePlugin,
  type Method,
  PLUGIN_API_VERSION,
  Teacher,
  type ClassifierOutputs,
  type Contributions,
  type Network,
  type Plugin,
  type RunHook,
} from '@anc/core';
import { assertPlugin } from '@anc/core/internal';
import { z } from 'zod';
import { assertList, typeInWords } from './known-options.js';
import type { OptionPath } from '../options/run-options.js';
import type { Named } from '../text/named.js';
import type { TeacherFunction } from './teacher-function.js';

/** A thing by name, with options: `'nin'`, `'mlp(units=[64])'`, `{ name: 'mlp', options: { units: [64] } }`. */
export type NameInput =
  string | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> };

/** A network by name or as a value. */
export type ModelInput = NameInput | Network<ClassifierOutputs>;
/** A dataset by name, a folder of images, or a dataset as a value. */
export type DatasetInput = NameInput | Dataset;
/** A training method by name or as a value. */
export type MethodInput = NameInput | Method;
/** A run hook by name or as a value. */
export type HookInput = NameInput | RunHook;
/** A backend by name or as a value; a value is not disposed by the run. */
export type BackendInput = NameInput | Backend;
/**
 * A teacher: a model to train with labels, a file or run folder, a `Teacher`, or a function from images to logits.
 */
export type TeacherInput = ModelInput | Teacher | TeacherFunction;
/** A plugin: a package or file, or a plugin object. */
export type PluginInput = string | Plugin;

/** The plugin of values that are passed as such. */
const VALUES_PLUGIN = 'values-of-the-caller';

/** Collects values that a caller passes and registers them as one plugin, next to all others. */
export class ValueRegistry {
  readonly #kinds: { -readonly [K in keyof Contributions]?: Record<string, unknown> } = {};

  /**
   * The option that names a value; names and texts are passed through. Throws `ANC_CONFIG` where it is neither, with the
   * `path` of the option that it was given for.
   */
  name(kind: keyof typeof EXPECTED, value: unknown, path: OptionPath): string | Named {
    if (typeof value === 'string') return value;
    // A value may have no property of its own but a name; its methods are those of its class.
    if (!fits(kind, value) && isNamed(value)) return { name: value.name, options: value.options ?? {} };
    const entries = (this.#kinds[kind] ??= {});
    const base = nameOf(value, kind, path);
    let name = base;
    for (let i = 2; Object.hasOwn(entries, name); i++) name = `${base}-${i}`;
    entries[name] = { options: z.looseObject({}), create: () => borrowed(value) };
    return name;
  }

  /** The plugin with all values, or null where there are none. */
  plugin(): Plugin | null {
    if (Object.keys(this.#kinds).length === 0) return null;
    return definePlugin({
      name: VALUES_PLUGIN,
      apiVersion: PLUGIN_API_VERSION,
      ...(this.#kinds as Contributions),
    });
  }
}

/** Whether a value is a name with options, as `NameInput` has it. */
export const isNamed = (value: unknown): value is { name: string; options?: Record<string, unknown> } =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  Object.keys(value).every((key) => key === 'name' || key === 'options');

const SINGULAR = {
  models: 'model',
  datasets: 'dataset',
  methods: 'method',
  hooks: 'hook',
  backends: 'backend',
} as const;

const EXPECTED = {
  models: 'a Network',
  datasets: 'a Dataset',
  methods: 'a Method',
  hooks: 'a RunHook',
  backends: 'a Backend',
} as const;

/** Whether a value is what an option takes beside names. */
function fits(kind: keyof typeof EXPECTED, value: unknown): value is { readonly name: string } {
  const isOfKind = {
    models: () => isNetwork(value),
    datasets: () => isDataset(value),
    methods: () => has(value, 'stages'),
    hooks: () => isHook(value),
    backends: () => has(value, 'compile', 'compileFunction'),
  }[kind];
  return isOfKind() && typeof (value as { name?: unknown }).name === 'string';
}

/** Throws `ANC_CONFIG` where a value is not what its option takes. */
function nameOf(value: unknown, kind: keyof typeof EXPECTED, path: OptionPath): string {
  if (fits(kind, value)) return `value:${value.name.replace(/[^A-Za-z0-9_.-]+/g, '-')}`;
  const problem = `this is no ${SINGULAR[kind]}.`;
  throw new AncError('ANC_CONFIG', problem, {
    expected: `a name, or ${EXPECTED[kind]}`,
    received: typeInWords(value),
    path,
    problem,
  });
}

/** Whether a value says what happens where it throws, as every run hook does. */
const isHook = (value: unknown): value is RunHook =>
  typeof value === 'object' && value !== null && 'onError' in value;

const has = (value: unknown, ...methods: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');

/** Whether a value is a network, of any copy of the core package. */
export const isNetwork = (value: unknown): value is Network<ClassifierOutputs> =>
  has(value, 'init', 'apply', 'summary');

/** Whether a value is a dataset, of any copy of the core package. */
export const isDataset = (value: unknown): value is Dataset =>
  value instanceof Dataset || has(value, 'split');

/** Whether a value is a teacher, of any copy of the core package. */
export const isTeacher = (value: unknown): value is Teacher =>
  value instanceof Teacher || has(value, 'infer');

/** A backend of the caller outlives the run: its `dispose` does nothing here. */
function borrowed(value: unknown): unknown {
  if (!(value instanceof Backend)) return value;
  return new Proxy(value, {
    get: (target, key) => {
      if (key === 'dispose') return () => Promise.resolve();
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

/** Throws `ANC_PLUGIN` where an object is not a plugin. */
export function checkedPlugins(plugins: readonly PluginInput[]): readonly PluginInput[] {
  assertList(plugins, ['plugins']);
  for (const plugin of plugins) if (typeof plugin !== 'string') assertPlugin(plugin, 'plugins');
  return plugins;
}
