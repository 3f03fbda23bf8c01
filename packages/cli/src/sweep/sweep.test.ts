import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jobOf, kubernetesFiles } from './kubernetes.js';
import { localFiles } from './local.js';
import { slurmFiles } from './slurm.js';
import { submit } from './submit.js';
import type { SweepTarget } from './target.js';

const target: SweepTarget = {
  name: 'anc-compare-x-1',
  folder: "/home/me/it's here/x-1",
  cwd: '/home/me/my work',
  tasks: 8,
  threads: 2,
  memory: '4G',
  gpus: 1,
  timeLimit: '08:30:10',
  partition: 'gpu',
  program: ['/usr/bin/node', '/opt/anc cli/bin.js'],
  version: '1.2.3',
  image: 'registry/anc-cli:1.2.3',
  claim: 'sweeps',
  dataClaim: 'images',
  dataDirectory: '/data/images',
  paths: ['/data/images', '/home/me/my teacher.onnx'],
};

/** A script's syntax, as the shell sees it. */
const assertShell = (script: string): void =>
  expect(spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });

describe('the files of a sweep', () => {
  it.skipIf(process.platform === 'win32')('are an array of tasks for SLURM', () => {
    const { files, submit: command } = slurmFiles(target);
    const script = files['job.sbatch']!;
    assertShell(script);
    expect(command).toEqual(['sbatch', 'job.sbatch']);
    for (const option of [
      'array=0-7',
      'cpus-per-task=2',
      'mem=4G',
      'gres=gpu:1',
      'time=08:30:10',
      'partition=gpu',
    ])
      expect(script).toContain(`#SBATCH --${option}\n`);
    expect(script).toContain("#SBATCH --chdir='/home/me/my work'\n");
    expect(script).toContain(
      `/usr/bin/node '/opt/anc cli/bin.js' worker '/home/me/it'\\''s here/x-1' --index "\${SLURM_ARRAY_TASK_ID:-0}" &\n`,
    );
  });

  it.skipIf(process.platform === 'win32')(
    'ask SLURM for the task again where it was asked to end, and not where it was canceled or failed',
    async () => {
      const place = await mkdtemp(join(tmpdir(), 'anc-sbatch-'));
      const outcome = async (worker: string, state: string) => {
        const program = join(place, 'program');
        await writeFile(program, `#!/bin/bash\n${worker}\n`, { mode: 0o755 });
        for (const [name, text] of [
          ['squeue', `echo ${state}`],
          ['scontrol', 'echo "$@"'],
        ] as const)
          await writeFile(join(place, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
        const script = slurmFiles({ ...target, program: [program] }).files['job.sbatch']!;
        const env = { PATH: `${place}:${process.env.PATH}`, SLURM_JOB_ID: '71', SLURM_ARRAY_TASK_ID: '3' };
        const { status, stdout } = spawnSync('bash', ['-c', script], { env, encoding: 'utf8' });
        return { status, stdout };
      };
      const again = { status: 130, stdout: 'requeue 71\n' };
      expect(await outcome('exit 130', 'RUNNING')).toEqual(again);
      // The signal comes to the script, which passes it on and waits.
      const waiting = "trap 'exit 130' TERM; kill -TERM $PPID; sleep 5 & wait";
      expect(await outcome(waiting, 'RUNNING')).toEqual(again);
      expect(await outcome('exit 130', 'COMPLETING')).toEqual({ status: 130, stdout: '' });
      expect(await outcome('exit 1', 'RUNNING')).toEqual({ status: 1, stdout: '' });
      expect(await outcome('echo "$@"', 'RUNNING')).toEqual({
        status: 0,
        stdout: `worker ${target.folder} --index 3\n`,
      });
      await rm(place, { recursive: true });
    },
  );

  it('are an Indexed Job for Kubernetes, and its image', () => {
    const { files } = kubernetesFiles(target);
    const job = parse(files['job.yaml']!) as ReturnType<typeof jobOf>;
    expect(job).toEqual(jobOf(target));
    expect(job).toMatchObject({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'anc-compare-x-1' },
      spec: { completionMode: 'Indexed', completions: 8, parallelism: 8, backoffLimitPerIndex: 3 },
    });
    const { spec } = job.spec.template;
    const [container] = spec.containers;
    expect(spec.restartPolicy).toBe('Never'); // else the API refuses a podFailurePolicy
    const named = job.spec.podFailurePolicy.rules.flatMap((rule) => rule.onExitCodes?.containerName ?? []);
    expect(new Set(named)).toEqual(new Set([container!.name]));
    expect(container!.resources.limits).toEqual({ cpu: '2', memory: '4Gi', 'nvidia.com/gpu': '1' });
    expect(container!.args).toEqual([
      'exec anc-cli worker /sweep --index "$JOB_COMPLETION_INDEX" --data-dir /data',
    ]);
    expect(container!.volumeMounts.map(({ name }) => name)).toEqual(spec.volumes.map(({ name }) => name));
    expect(spec.activeDeadlineSeconds).toBe(30_610);
    expect(files.Dockerfile).toContain('anc-cli@1.2.3');
    expect(files.Dockerfile).toContain(
      'COPY --from=host ["home/me/my teacher.onnx","/home/me/my teacher.onnx"]\n',
    );
    expect(files.Dockerfile).not.toContain('/data/images'); // on a volume of its own
    expect(kubernetesFiles({ ...target, dataClaim: null }).files.Dockerfile).toContain('"/data/images"');
  });

  it.skipIf(process.platform === 'win32')('are a script for one machine', () => {
    const { files } = localFiles(target);
    assertShell(files['workers.sh']!);
    expect(files['workers.sh']).toContain('for index in $(seq 0 7)');
  });

  it('say what is missing where an engine is not here', async () => {
    const stderr = { write: () => true, isTTY: false, columns: 80 } as never;
    await expect(submit(['no-such-sbatch', 'job.sbatch'], tmpdir(), stderr)).rejects.toMatchObject({
      code: 'ANC_SWEEP_ENGINE',
      detail: { received: 'no such program' },
    });
    await expect(submit([process.execPath, '-e', 'process.exit(3)'], tmpdir(), stderr)).rejects.toMatchObject(
      {
        message: expect.stringContaining('did not accept') as string,
        detail: { received: expect.stringContaining('exit code 3') as string },
      },
    );
  });
});
