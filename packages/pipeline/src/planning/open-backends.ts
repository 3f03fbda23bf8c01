import type { Backend } from '@anc/core';
import { AUTO, choiceOf } from '../backends/auto.js';
import type { Composition } from '../composition/compose.js';
import { optionNames } from '../composition/validate-options.js';
import { aboutOption } from '../options/option-error.js';
import type { ComputeOptions, OptionPath, RunOptions } from '../options/run-options.js';
import { PRECISION } from './training-precision.js';
import { formatNamed, type Named } from '../text/named.js';

/** Where the teacher's outputs are computed and where students are trained; often the same backend. */
export interface RunBackends {
  readonly teacher: Backend;
  readonly student: Backend;
}

/** Opens a run's backends. Equal names and options give one backend. Throws `ANC_OPTIONS` and `ANC_BACKEND_*`. */
export async function openBackends(
  { backend, threads, precision }: ComputeOptions,
  ofTeacher: Named | undefined,
  ofStudent: Named | undefined,
  { registries }: Composition,
): Promise<RunBackends> {
  const open = async (path: OptionPath, named: Named): Promise<Backend> => {
    const known = optionNames(registries.backends.get(named.name).contribution.options) ?? [];
    const shared = {
      ...(threads !== null && known.includes('threads') ? { threads } : {}),
      ...(precision !== undefined && known.includes(PRECISION) ? { [PRECISION]: precision } : {}),
    };
    const all = { name: named.name, options: { ...shared, ...named.options } };
    return await aboutOption(path, () => registries.backends.create(all, undefined));
  };
  const pathOf = (own: Named | undefined, key: string): OptionPath =>
    own === undefined ? ['compute', 'backend'] : [key, 'backend'];
  const [forTeacher, forStudent] = [ofTeacher ?? backend, ofStudent ?? backend];
  const teacher = await open(pathOf(ofTeacher, 'teacher'), forTeacher);
  if (JSON.stringify(formatNamed(forTeacher)) === JSON.stringify(formatNamed(forStudent))) {
    return { teacher, student: teacher };
  }
  try {
    return { teacher, student: await open(pathOf(ofStudent, 'student'), forStudent) };
  } catch (error) {
    await teacher.dispose();
    throw error;
  }
}

/**
 * Opens backends while other work is done: an engine starts on a thread of its own. `auto` measures speeds, which the work would
 * change, and opens afterwards. Throws the error of the work where both fail.
 */
export async function openBackendsDuring<T>(
  names: readonly (Named | undefined)[],
  open: () => Promise<RunBackends>,
  work: () => Promise<T>,
): Promise<{ readonly backends: RunBackends; readonly done: T }> {
  const opening = names.some((named) => named?.name === AUTO) ? null : open();
  opening?.catch(() => undefined); // thrown below
  try {
    const done = await work();
    return { backends: await (opening ?? open()), done };
  } catch (error) {
    await opening?.then(disposeBackends, () => undefined);
    throw error;
  }
}

/** The options with the backends that `auto` chose: a resumed run continues on these. */
export function withChosenBackends(options: RunOptions, backends: RunBackends): RunOptions {
  const chosen = (named: Named, backend: Backend): Named => choiceOf(backend)?.chosen ?? named;
  const { compute, teacher, student } = options;
  const shared =
    student.backend === undefined
      ? backends.student
      : teacher.backend === undefined
        ? backends.teacher
        : null;
  return {
    ...options,
    compute: { ...compute, backend: shared === null ? compute.backend : chosen(compute.backend, shared) },
    ...(teacher.backend === undefined
      ? {}
      : { teacher: { ...teacher, backend: chosen(teacher.backend, backends.teacher) } }),
    ...(student.backend === undefined
      ? {}
      : { student: { ...student, backend: chosen(student.backend, backends.student) } }),
  };
}

/** Notices of the backends, once each. */
export const backendNotices = (backends: RunBackends): string[] => [
  ...new Set(
    Object.values(backends).flatMap((backend: Backend) => {
      const { notice } = backend.environment;
      return [choiceOf(backend)?.why, notice].filter((text) => typeof text === 'string');
    }),
  ),
];

export async function disposeBackends(backends: RunBackends): Promise<void> {
  for (const backend of new Set([backends.teacher, backends.student])) await backend.dispose();
}
