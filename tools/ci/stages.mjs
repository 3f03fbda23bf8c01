/**
 * What `.ci/run` checks after `npm ci && npm test`, two at a time, started in this order: the long ones first, so that no
 * core is idle at the end.
 *
 * A stage is a command run from the repository's root. Exit code 0 means passed; 77 means skipped, with the reason as
 * the last line of its output; anything else means failed. `minutes` is when it counts as hung.
 *
 * @typedef {{ name: string, command: string[], minutes: number }} Stage
 * @type {Stage[]}
 */
export const STAGES = [
  { name: 'lockfile', command: ['node', 'tools/ci/lockfile.mjs'], minutes: 1 },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'], minutes: 12 },
  { name: 'backend: webgpu', command: ['node', 'tools/webgpu/check.mjs', 'webgpu'], minutes: 15 },
  { name: 'interop: Keras', command: ['node', 'tools/interop/keras.mjs'], minutes: 12 },
  { name: 'interop: teachers', command: ['node', 'tools/interop/teachers.mjs'], minutes: 12 },
  {
    name: 'interop: augmentations, optimizers and networks of PyTorch',
    command: ['node', 'tools/interop/pytorch.mjs'],
    minutes: 18,
  },
  { name: 'backend: browser', command: ['node', 'tools/browser/check.mjs', '--install'], minutes: 18 },
  { name: 'backend: onnx:webgpu', command: ['node', 'tools/webgpu/check.mjs', 'onnx:webgpu'], minutes: 15 },
  { name: 'typecheck', command: ['npm', 'run', '--silent', 'typecheck'], minutes: 5 },
  { name: 'documentation', command: ['node', 'tools/docs/check.mjs'], minutes: 8 },
  { name: 'install: production', command: ['node', 'tools/e2e/install.mjs', '--production'], minutes: 6 },
  {
    name: 'install: npm 10, no optional dependency',
    command: ['node', 'tools/e2e/install.mjs', '--production', '--npm', '10', '--omit-optional'],
    minutes: 6,
  },
  { name: 'user: release and install', command: ['node', 'tools/e2e/registry.mjs'], minutes: 12 },
  { name: 'examples', command: ['node', 'tools/examples/run.mjs'], minutes: 8 },
  { name: "author: a plugin's package", command: ['node', 'tools/scaffold/run.mjs'], minutes: 6 },
  {
    name: 'reliability: 20 kills',
    command: ['node', 'tools/kill-test/run.mjs', '--kills', '20'],
    minutes: 12,
  },
  { name: 'interop: ONNX', command: ['node', 'tools/interop/onnx.mjs'], minutes: 8 },
  {
    name: 'interop: objectives on JAX',
    command: ['node', 'tools/interop/objectives.mjs'],
    minutes: 8,
  },
  { name: 'packages', command: ['npm', 'run', '--silent', 'check:packages'], minutes: 5 },
  { name: 'interop: the step on JAX', command: ['node', 'tools/interop/step.mjs'], minutes: 8 },
  { name: 'backend: tfjs-node', command: ['node', 'tools/tfjs-node/check.mjs'], minutes: 8 },
  { name: 'format', command: ['npm', 'run', '--silent', 'format:check'], minutes: 3 },
  { name: 'network: what the commands contact', command: ['node', 'tools/supply/observe.mjs'], minutes: 4 },
  {
    name: 'interop: TensorBoard',
    command: ['node', 'tools/interop/tensorboard.mjs'],
    minutes: 6,
  },
  { name: 'ranks: Open MPI and MPICH', command: ['node', 'tools/mpi/check.mjs'], minutes: 10 },
  { name: 'backend: onednn', command: ['node', 'tools/onednn/check.mjs'], minutes: 12 },
  { name: 'interop: trackers', command: ['node', 'tools/interop/trackers.mjs'], minutes: 6 },
  {
    name: 'interop: safetensors',
    command: ['node', 'tools/interop/safetensors.mjs'],
    minutes: 6,
  },
  { name: 'scale: an array on SLURM', command: ['node', 'tools/scale/slurm.mjs'], minutes: 8 },
  { name: 'scale: a Job of Kubernetes', command: ['node', 'tools/scale/kubernetes.mjs'], minutes: 6 },
  { name: 'supply chain', command: ['node', 'tools/supply/check.mjs'], minutes: 4 },
  {
    name: 'results: the page, and a row of it again',
    command: ['node', 'tools/results/check.mjs'],
    minutes: 10,
  },
  { name: 'knip', command: ['npm', 'run', '--silent', 'knip'], minutes: 3 },
];
