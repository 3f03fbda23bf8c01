import { stringify } from 'yaml';
import { GRACE, INTERRUPTED, type SweepFiles, type SweepTarget } from './target.js';

/** Where the folder and the dataset's files are in a container. */
const [FOLDER, DATA] = ['/sweep', '/data'];

/**
 * An Indexed Job with one index per process, and the image that it runs. A pod that is evicted or preempted, or was asked to end
 * and kept what it had done, does not count as failed; one whose request is wrong is not tried again.
 */
export function kubernetesFiles(target: SweepTarget): SweepFiles {
  const paths = imagePaths(target);
  const build = `docker build${paths.length === 0 ? '' : ' --build-context host=/'} --tag ${target.image} .`;
  const manifest = stringify(jobOf(target), { lineWidth: 0, aliasDuplicateObjects: false });
  const comment = `# Needs: the claim "${target.claim}" (ReadWriteMany where nodes differ) with the folder "${baseOf(target.folder)}" in it, and
# the image "${target.image}" of the Dockerfile beside this file.
`;
  return {
    files: { 'job.yaml': `${comment}${manifest}`, Dockerfile: dockerfile(target, build, paths) },
    submit: ['kubectl', 'apply', '--filename', 'job.yaml'],
    before: [
      `the image "${target.image}", built beside the Dockerfile with: ${build}`,
      `a copy of the folder in the volume of the claim "${target.claim}", as "${baseOf(target.folder)}"`,
      ...(paths.length === 0
        ? []
        : [`these paths in the image, which the Dockerfile copies: ${paths.join(', ')}`]),
    ],
  };
}

/** Paths of this machine that pods read: the image brings them, but for the dataset's files on a volume of their own. */
const imagePaths = ({ paths, dataClaim, dataDirectory }: SweepTarget): readonly string[] =>
  paths.filter((path) => dataClaim === null || path !== dataDirectory);

const baseOf = (folder: string): string => folder.replace(/\\/g, '/').split('/').at(-1)!;

/** The manifest as data: `Job` of `batch/v1`. */
export function jobOf(target: SweepTarget) {
  const { name, folder, tasks, threads, memory, gpus, timeLimit, image, claim, dataClaim } = target;
  const resources = {
    cpu: String(threads),
    memory: quantity(memory),
    ...(gpus === 0 ? {} : { 'nvidia.com/gpu': String(gpus) }),
  };
  const data = dataClaim === null ? '' : ` --data-dir ${DATA}`;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels: { 'app.kubernetes.io/name': 'anc-cli', 'app.kubernetes.io/instance': name } },
    spec: {
      completionMode: 'Indexed',
      completions: tasks,
      parallelism: tasks,
      backoffLimitPerIndex: 3,
      maxFailedIndexes: tasks,
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'Ignore', onExitCodes: exitCode(INTERRUPTED) },
          { action: 'FailIndex', onExitCodes: exitCode(2) },
        ],
      },
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': 'anc-cli', 'app.kubernetes.io/instance': name } },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: GRACE,
          ...(timeLimit === null ? {} : { activeDeadlineSeconds: seconds(timeLimit) }),
          securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
          containers: [
            {
              name: CONTAINER,
              image,
              command: ['/bin/sh', '-c'],
              args: [`exec anc-cli worker ${FOLDER} --index "$JOB_COMPLETION_INDEX"${data}`],
              resources: { requests: resources, limits: resources },
              volumeMounts: [
                { name: 'sweep', mountPath: FOLDER, subPath: baseOf(folder) },
                ...(dataClaim === null ? [] : [{ name: 'data', mountPath: DATA, readOnly: true }]),
              ],
            },
          ],
          volumes: [
            { name: 'sweep', persistentVolumeClaim: { claimName: claim } },
            ...(dataClaim === null
              ? []
              : [{ name: 'data', persistentVolumeClaim: { claimName: dataClaim, readOnly: true } }]),
          ],
        },
      },
    },
  };
}

const CONTAINER = 'worker';

const exitCode = (code: number) => ({ containerName: CONTAINER, operator: 'In', values: [code] });

/** `4G` of SLURM, which means 2^30 bytes, as a quantity of Kubernetes. */
const quantity = (memory: string): string => `${memory}i`;

function seconds(time: string): number {
  const [hours, minutes, rest] = time.split(':').map(Number) as [number, number, number];
  return 3600 * hours + 60 * minutes + rest;
}

/** @param paths what is copied into the image, under the same paths as here */
const dockerfile = ({ version }: SweepTarget, build: string, paths: readonly string[]): string => `# ${build}
FROM node:22-bookworm-slim
# Plugins that the sweep names are installed beside it, under the same paths as where it was made.
RUN npm install --global anc-cli@${version} && npm cache clean --force
${paths.map((path) => `COPY --from=host ${JSON.stringify([path.slice(1), path])}\n`).join('')}USER node
WORKDIR /home/node
ENTRYPOINT ["anc-cli"]
`;
