import type { Method } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import type { Named } from '../text/named.js';
import { checkStart } from './check-options.js';
import { methodOptions, type MethodDefaults } from './method-options.js';

/** A method with its checked options. */
export interface CreatedMethod {
  readonly method: Named;
  readonly options: unknown;
  readonly made: Method;
  readonly needsTeacher: boolean;
}

/** Completes and checks the options of a method, and creates it. Throws what the checks throw. */
export async function createMethod(
  named: Named,
  defaults: MethodDefaults,
  { registries, parts }: Composition,
): Promise<CreatedMethod> {
  const given = methodOptions(named, defaults, { registries });
  const options = await registries.methods.check({ name: named.name, options: given });
  checkStart(named.name, options, defaults.training.epochs);
  const made: Method = registries.methods.build(named.name, options, parts);
  return { method: named, options, made, needsTeacher: made.needsTeacher };
}
