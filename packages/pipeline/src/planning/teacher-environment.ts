import type { HostTensor, TeacherEnvironment, Variables } from '@anc/core';
import type { GivenTeacher } from './given-teacher.js';
import type { PlannedModel } from './plan-model.js';

/**
 * What methods learn of a run's teacher: the network where it is one, with variables of its shapes. Of a teacher that is
 * trained in the run, those are not its trained ones yet.
 */
export function teacherEnvironment(teacher: PlannedModel | GivenTeacher): {
  readonly environment: TeacherEnvironment;
  readonly variables: Variables<HostTensor> | null;
} {
  if ('given' in teacher) {
    const { outputs, frozen } = teacher.given.teacher;
    if (frozen === undefined) return { environment: { outputs }, variables: null };
    return { environment: { outputs, network: frozen.network }, variables: frozen.variables };
  }
  const { outputs, network, initial } = teacher.network;
  return { environment: { outputs, network }, variables: initial };
}
