/** A SLURM cluster of one node on this machine, for as long as a check takes: its own munge, controller and node daemon. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomBytes } from 'node:crypto';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAMS = ['slurmctld', 'slurmd', 'sbatch', 'munged'];

/** @returns {string | null} why there can be no cluster here; null where there can */
export function whyNoCluster() {
  if (process.platform !== 'linux') return 'SLURM runs on Linux only';
  if (process.getuid() !== 0) return 'the node daemon of SLURM needs root';
  if (missing().length > 0) install();
  const left = missing();
  return left.length === 0
    ? null
    : `no ${left.join(', ')} here, and apt-get does not install slurm-wlm and munge`;
}

const missing = () =>
  PROGRAMS.filter((name) => spawnSync('which', [name], { env: environment() }).status !== 0);

/** Daemons lie in sbin. */
const environment = () => ({ ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` });

function install() {
  const options = {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 240_000,
  };
  spawnSync('apt-get', ['update'], options);
  spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', 'slurm-wlm', 'munge'], options);
}

/**
 * Starts one.
 *
 * @param {string} folder for its files; absolute
 * @param {number} cpus that the node is said to have: so many tasks run at once
 */
export async function startCluster(folder, cpus) {
  const [socket, key] = [join(folder, 'munge.socket'), join(folder, 'munge.key')];
  for (const name of ['state', 'spool']) mkdirSync(join(folder, name));
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const [controller, node] = [await freePort(), await freePort()];
  const host = hostname().split('.')[0];
  const config = join(folder, 'slurm.conf');
  writeFileSync(
    config,
    `ClusterName=check
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmctldPort=${controller}
SlurmdPort=${node}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=${socket},cred_expire=5
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
JobRequeue=1
KillWait=30
SchedulerParameters=sched_min_interval=0
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} RealMemory=${Math.floor(totalmem() / 2 ** 20)} State=UNKNOWN
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { ...environment(), SLURM_CONF: config };
  const daemons = [];
  const start = (program, args) => {
    const log = openSync(join(folder, `${program}.out`), 'a');
    daemons.push(spawn(program, args, { env, stdio: ['ignore', log, log], detached: true }));
    closeSync(log);
  };
  const call = (program, ...args) => spawnSync(program, args, { env, encoding: 'utf8' });
  const stop = async () => {
    call('scancel', '--full', '--signal=KILL', '--state=RUNNING');
    call('scancel', '--user=root');
    for (const { pid } of daemons.reverse()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has ended
    }
    await sleep(100);
  };
  start('munged', [
    ...['--foreground', '--force', `--socket=${socket}`, `--key-file=${key}`],
    ...[
      `--pid-file=${folder}/munged.pid`,
      `--log-file=${folder}/munged.log`,
      `--seed-file=${folder}/munge.seed`,
    ],
  ]);
  await until(
    () => call('munge', `--socket=${socket}`, '--no-input').status === 0,
    10,
    () => logOf(folder, 'munged'),
  );
  start('slurmctld', ['-D', '-i']);
  start('slurmd', ['-D']);
  const isIdle = () => /^(idle|mix)/m.test(call('sinfo', '--noheader', '--format', '%T').stdout ?? '');
  try {
    await until(isIdle, 30, () => `${logOf(folder, 'slurmctld')}\n${logOf(folder, 'slurmd')}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, call, stop };
}

const logOf = (folder, name) =>
  ['log', 'out']
    .map((ending) => {
      try {
        return readFileSync(join(folder, `${name}.${ending}`), 'utf8').trim();
      } catch {
        return '';
      }
    })
    .join('\n')
    .slice(-1500);

/** Waits until something is so. Throws with what `why` says where it is not after some seconds. */
export async function until(isSo, seconds, why) {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; await sleep(100)) {
    const found = await isSo();
    if (found) return found;
  }
  throw new Error(why());
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
