/**
 * Runs a comparison as an array of tasks on a real SLURM cluster of this machine, kills two of the tasks, and compares the
 * results with those of one process: `node tools/scale/slurm.mjs`. Exit code 77 where no cluster can be started here.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '../ci/python.mjs';
import { startCluster, until, whyNoCluster } from './cluster.mjs';
import { assertSame, CLI, comparisonOf, NAME, runAlone } from './tiny.mjs';

/** Tasks of the array, and how many of them run at once. */
const [TASKS, AT_ONCE] = [8, 3];

const comparison = comparisonOf(['l2', 'kd', 'dkd', 'adversarial'], 40);

const why = whyNoCluster();
if (why !== null) skip(why);
const root = mkdtempSync(join(tmpdir(), 'anc-slurm-'));
const place = (name) => {
  mkdirSync(join(root, name));
  return join(root, name);
};

/** Trainings that go on: their task, its process, and the epochs that are done. */
function goingOn(folder) {
  const names = (path) => {
    try {
      return readdirSync(path);
    } catch {
      return [];
    }
  };
  return names(join(folder, 'jobs')).flatMap((job) => {
    const epochs = linesIn(join(folder, 'jobs', job, 'run', 'metrics.jsonl'));
    if (names(join(folder, 'jobs', job)).includes('finished.json')) return [];
    return names(join(folder, 'jobs', job)).flatMap((name) => {
      const pid = /^\.lock\.(\d+)\./.exec(name)?.[1];
      const task = pid === undefined ? null : taskOf(pid);
      return task === null ? [] : [{ job, pid: Number(pid), task, epochs }];
    });
  });
}

const linesIn = (path) => {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

/** The array task that a process belongs to; null where it has ended. */
function taskOf(pid) {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const valueOf = (name) =>
      environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    const id = valueOf('SLURM_JOB_ID');
    return id === undefined ? null : { id, index: valueOf('SLURM_ARRAY_TASK_ID') };
  } catch {
    return null;
  }
}

const cluster = await startCluster(place('cluster'), AT_ONCE).catch((error) => {
  rmSync(root, { recursive: true, force: true });
  skip(`SLURM does not start here: ${error.message.replaceAll('\n', ' | ')}`);
});
try {
  const [alone, shared] = [place('alone'), place('shared')];
  const reference = runAlone(comparison, alone);
  reference.catch(() => {}); // it is awaited last, and the array does not wait for it
  const sweep = [
    'sweep',
    'compare',
    ...comparison.options,
    '--to',
    'slurm',
    '--tasks',
    String(TASKS),
    '--memory',
    '500M',
  ];
  execFileSync(process.execPath, [CLI, ...sweep, '--submit'], {
    cwd: shared,
    env: cluster.env,
    stdio: 'inherit',
  });
  const folder = join(shared, 'runs', NAME);
  const logs = () =>
    readdirSync(join(folder, 'sweep'))
      .filter((name) => name.endsWith('.log'))
      .map((name) =>
        readFileSync(join(folder, 'sweep', name), 'utf8')
          .trim()
          .split('\n')
          .slice(-3)
          .join('\n'),
      )
      .join('\n');
  const training = (others = []) =>
    goingOn(folder).find(({ job, pid, epochs }) => job !== 'teacher' && epochs > 0 && !others.includes(pid));
  const killed = await until(
    () => training(),
    120,
    () => `no training began:\n${logs()}`,
  );
  process.kill(killed.pid, 'SIGKILL');
  console.log(
    `task ${killed.task.index}: killed in the training of ${killed.job}, after epoch ${killed.epochs}`,
  );
  const preempted = await until(
    () => training([killed.pid]),
    120,
    () => `no second training began:\n${logs()}`,
  );
  const requeued = cluster.call('scontrol', 'requeue', preempted.task.id);
  if (requeued.status !== 0) throw new Error(`scontrol requeue: ${requeued.stderr}`);
  console.log(
    `task ${preempted.task.index}: requeued in the training of ${preempted.job}, after epoch ${preempted.epochs}`,
  );
  await reference;
  const isOver = () => cluster.call('squeue', '--noheader').stdout.trim() === '';
  await until(isOver, 240, () => `the array has not ended: ${cluster.call('squeue').stdout}\n${logs()}`);
  const restarts = /Restarts=(\d+)/.exec(
    cluster.call('scontrol', 'show', 'job', preempted.task.id).stdout,
  )?.[1];
  if (restarts !== '1') throw new Error(`the preempted task was started again ${restarts} times`);
  const files = assertSame(comparison, join(alone, 'runs', NAME), folder);
  if (readdirSync(folder).includes('jobs')) throw new Error('folders of jobs are left');
  const version = cluster.call('sinfo', '--version').stdout.trim();
  console.log(
    `${version}: ${TASKS} tasks, ${AT_ONCE} at once, 2 killed: ${files} files the same as of one process`,
  );
} finally {
  await cluster.stop();
  rmSync(root, { recursive: true, force: true });
}
