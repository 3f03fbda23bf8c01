import { shellQuoted } from '@anc/pipeline/options';
import type { SweepFiles, SweepTarget } from './target.js';

/** A shell script that starts the processes on one machine; on each of several machines with a common folder, too. */
export function localFiles({ folder, cwd, tasks, program }: SweepTarget): SweepFiles {
  const script = `#!/bin/bash
# Starts ${tasks} processes that take trainings of the folder until none is left; the last one writes the result and its report.
# Ctrl-C or SIGTERM stops them with a checkpoint; start it again to go on. Any machine that sees the folder may run it as well.
cd ${shellQuoted(cwd)} || exit 1
workers=()
trap 'kill -TERM "\${workers[@]}" 2>/dev/null' TERM INT
for index in $(seq 0 ${tasks - 1}); do
  ${program.map(shellQuoted).join(' ')} worker ${shellQuoted(folder)} --index "$index" >> ${shellQuoted(`${folder}/sweep/`)}"local-$index.log" 2>&1 &
  workers+=($!)
done
status=0
for worker in "\${workers[@]}"; do
  wait "$worker" || status=$?
  while kill -0 "$worker" 2>/dev/null; do # a signal ended the wait, and not the worker
    wait "$worker" || status=$?
  done
done
exit "$status"
`;
  return { files: { 'workers.sh': script }, submit: ['bash', 'workers.sh'] };
}
