import { shellQuoted } from '@anc/pipeline/options';
import { GRACE, INTERRUPTED, type SweepFiles, type SweepTarget } from './target.js';

/**
 * A batch script with one array task per process. SLURM requeues tasks that it preempts, and those of nodes that fail. The signal
 * before the time limit goes to the script alone, which passes it on, and asks for the task to be requeued itself: nothing else
 * in SLURM does that by an exit code.
 */
export function slurmFiles(target: SweepTarget): SweepFiles {
  const { name, folder, cwd, tasks, threads, memory, gpus, timeLimit, partition, program } = target;
  const options = [
    `--job-name=${name}`,
    `--array=0-${tasks - 1}`,
    `--chdir=${cwd}`,
    `--output=${folder}/sweep/slurm-%A_%a.log`,
    '--open-mode=append',
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${threads}`,
    `--mem=${memory}`,
    ...(gpus === 0 ? [] : [`--gres=gpu:${gpus}`]),
    ...(timeLimit === null ? [] : [`--time=${timeLimit}`]),
    ...(partition === null ? [] : [`--partition=${partition}`]),
    '--requeue',
    `--signal=B:TERM@${GRACE}`,
  ];
  const script = `#!/bin/bash
${options.map((option) => `#SBATCH ${directive(option)}`).join('\n')}

# Every task takes trainings of the folder until none is left; the last one writes the result and its report.
# A task that is asked to end writes a checkpoint first, and is requeued.
trap 'kill -TERM "$!" 2>/dev/null' TERM INT
${program.map(shellQuoted).join(' ')} worker ${shellQuoted(folder)} --index "\${SLURM_ARRAY_TASK_ID:-0}" &
worker=$!
wait "$worker"
status=$?
while kill -0 "$worker" 2>/dev/null; do # the signal ended the wait, and not the worker
  wait "$worker"
  status=$?
done
state=$(squeue --noheader --jobs "$SLURM_JOB_ID" --format %T 2>/dev/null)
if [ "$status" -eq ${INTERRUPTED} ] && [ "$state" = RUNNING ]; then # not where the task was canceled
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
`;
  return { files: { 'job.sbatch': script }, submit: ['sbatch', 'job.sbatch'] };
}

/** SLURM reads these lines as a shell does. */
const directive = (option: string): string =>
  /^[\w\-=:./%@,+]+$/.test(option)
    ? option
    : option.replace(/^([^=]+)=(.*)$/s, (_, key: string, value: string) => `${key}=${shellQuoted(value)}`);
