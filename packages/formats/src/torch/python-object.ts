import type { Value } from './policy.js';

/** An object of a Python class, which is never made: the name of its class, and what the pickle puts into it. */
export class PythonObject {
  readonly kind = 'object';
  /** Items, where the class is a dictionary. */
  readonly items = new Map<Value, Value>();
  /** Whether it is a whole module: a network with its code's names. */
  isModule = false;

  constructor(readonly name: string) {}
}

const MODULES = new Set(
  'os posix nt subprocess sys shutil socket runpy importlib pty ctypes code codeop pickle _pickle marshal'.split(
    ' ',
  ),
);
const BUILTINS = new Set(
  'eval exec execfile compile open getattr setattr delattr apply input breakpoint globals __import__'.split(
    ' ',
  ),
);

/** Whether a global is of the kind that files use to run commands when Python loads them. */
export function isHarmful(name: string): boolean {
  const [module = '', ...rest] = name.split('.');
  if (['builtins', '__builtin__'].includes(module)) return BUILTINS.has(rest.join('.'));
  return MODULES.has(module) || name.startsWith('torch.hub.') || name === 'operator.attrgetter';
}
