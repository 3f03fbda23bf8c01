/**
 * What `--report-to mlflow,trackio` sends is in the stores of the real servers: the numbers of metrics.jsonl, read back by
 * their own Python clients. The second run's server is away.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonPath } from '../ci/python.mjs';

const TOKEN = 'a-token';
const program = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'anc-trackers-'));
const servers = [];
// Also where the stage ends early, as skipped.
process.on('exit', () => {
  for (const server of servers) {
    try {
      process.kill(-server.pid, 'SIGKILL'); // with its workers
    } catch {
      // it has ended
    }
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** MLflow's server without the parts that track no metrics: the whole package takes minutes to install. */
const MLFLOW = [
  'mlflow-skinny==3.17.2',
  'flask==3.1.3',
  'flask-cors==6.0.2',
  'sqlalchemy==2.0.44',
  'alembic==1.17.2',
  'graphene==3.4.3',
  'aiohttp==3.13.2',
  'pandas==2.3.3',
];
const python = pythonPath(folder, [...MLFLOW, 'trackio==0.43.0']);

function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve({ stdout, stderr }) : reject(new Error(`exit ${code}\n${stdout}${stderr}`)),
    );
  });
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a server and waits for its answer at `path`. */
async function serve(args, port, path, env) {
  const child = spawn(python, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
  const address = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 180_000; Date.now() < end;) {
    const answer = await fetch(address + path).catch(() => null);
    if (answer?.ok) return address;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`the server did not start\n${said}`);
}

const [mlflowPort, trackioPort] = [await freePort(), await freePort()];
const [stores, home] = [join(folder, 'mlflow'), join(folder, 'trackio')];
mkdirSync(stores);
mkdirSync(home);
const store = `sqlite:///${join(stores, 'runs.db')}`;
const showTrackio = `import trackio; trackio.show(open_browser=False, block_thread=True, server_port=${trackioPort})`;
const [mlflow, trackio] = await Promise.all([
  serve(
    ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(mlflowPort)].concat([
      ...['--workers', '1', '--backend-store-uri', store, '--default-artifact-root', stores],
    ]),
    mlflowPort,
    '/health',
    { MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
  ),
  serve(['-c', showTrackio], trackioPort, '/version', { TRACKIO_DIR: home, TRACKIO_WRITE_TOKEN: TOKEN }),
]);

const options = ['--limit-train', '64', '--limit-test', '50', '--epochs', '2', '--batch-size', '32'];
const train = (name, env) =>
  run(
    process.execPath,
    [program, 'run', ...options, '--methods', 'l2', '--report-to', 'mlflow,trackio', '--name', name],
    env,
  );
await train('tracked', {
  MLFLOW_TRACKING_URI: mlflow,
  TRACKIO_SERVER_URL: `${trackio}/?write_token=${TOKEN}`,
});

/** Numbers of metrics.jsonl by tag, with the model's steps: what the servers must have. */
const expected = {};
for (const line of readFileSync(join(folder, 'runs', 'tracked', 'metrics.jsonl'), 'utf8')
  .trim()
  .split('\n')) {
  const { model, step, metrics } = JSON.parse(line);
  for (const name of ['error', 'agreement', 'loss/data'].filter((one) => one in metrics))
    (expected[`${model}/${name}`] ??= []).push([step, metrics[name]]);
}

const READ_MLFLOW = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("anc")
[run] = client.search_runs([experiment.experiment_id])
assert run.info.status == "FINISHED", run.info.status
assert run.info.run_name == "tracked", run.info.run_name
assert run.data.params["epochs"] == "2", run.data.params
print(json.dumps({key: [[m.step, m.value] for m in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics}))
`;
const READ_TRACKIO = `
import json
from trackio.sqlite_storage import SQLiteStorage
logs = SQLiteStorage.get_logs("anc", "tracked")
config = SQLiteStorage.get_run_config("anc", "tracked")
assert str(config["epochs"]) == "2", config
found = {}
for log in logs:
    for key, value in log.items():
        if "/" in key:
            found.setdefault(key, []).append([log["step"], value])
print(json.dumps(found))
`;
const readers = {
  MLflow: () => run(python, ['-c', READ_MLFLOW, mlflow]),
  Trackio: () => run(python, ['-c', READ_TRACKIO], { TRACKIO_DIR: home }),
};
for (const [server, read] of Object.entries(readers)) {
  const found = JSON.parse((await read()).stdout.trim().split('\n').at(-1));
  for (const [tag, values] of Object.entries(expected)) {
    const [wanted, seen] = [values, found[tag]].map((list) => JSON.stringify(list));
    if (wanted !== seen) throw new Error(`${server}, ${tag}: expected ${wanted}, received ${seen}`);
  }
  console.log(`${server} has the ${Object.keys(expected).length} tags of a run that were looked at`);
}

// A run without its servers: two warnings, and a result.
const nowhere = `http://127.0.0.1:${await freePort()}`;
const { stderr } = await train('alone', { MLFLOW_TRACKING_URI: nowhere, TRACKIO_SERVER_URL: nowhere });
for (const name of ['mlflow', 'trackio'])
  if (!stderr.includes(`${name}: ${nowhere} cannot be reached`))
    throw new Error(`no warning of ${name}\n${stderr}`);
JSON.parse(readFileSync(join(folder, 'runs', 'alone', 'result.json'), 'utf8'));
console.log('a run goes on without its servers');
process.exit(0);
