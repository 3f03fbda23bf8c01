/** What a run writes for TensorBoard is read by TensorBoard's own reader, tag by tag, over two files of one run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder, ScalarLog } from '@anc/runtime';
import { pythonWith } from '../ci/python.mjs';

const READ = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, repr(e.value)] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
`;

const record = (model, stage, epoch, step, metrics, diagnostics = null) => ({
  model,
  stage,
  event: 'epoch',
  epoch,
  step,
  metrics,
  diagnostics,
});
/** Of two processes; the second goes on in the second stage of the student. */
const PROCESSES = [
  [
    record('teacher', 'supervised', 0, 93, { error: 0.5, 'loss/labels': 1.25 }),
    record('teacher', 'supervised', 1, 186, { error: 0.25, 'loss/labels': NaN }),
    record('größe', 'match', 0, 70_000, { agreement: 0.75 }),
  ],
  [record('größe', 'play', 0, 93, { agreement: 0.875 }, { gradientRatio: Infinity })],
];
const EXPECTED = {
  'teacher/error': [
    [93, '0.5'],
    [186, '0.25'],
  ],
  'teacher/loss/labels': [
    [93, '1.25'],
    [186, 'nan'],
  ],
  'größe/agreement': [
    [70_000, '0.75'],
    [70_093, '0.875'],
  ],
  'größe/diagnostics/gradientRatio': [[70_093, 'inf']],
};
const sorted = (tags) => JSON.stringify(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));

const folder = mkdtempSync(join(tmpdir(), 'anc-tensorboard-'));
// Also where the stage ends early, as skipped.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// Its reader imports pkg_resources, which later setuptools do not have.
const python = pythonWith(folder, ['tensorboard==2.20.0', 'setuptools==80.9.0']);
const run = await RunFolder.create(join(folder, 'run'), '');
for (const records of PROCESSES) {
  const scalars = new ScalarLog(run);
  for (const one of records) {
    await run.metrics.append(one);
    await scalars.append(one);
  }
}
const seen = sorted(JSON.parse(python(READ, [run.path])));
if (seen !== sorted(EXPECTED)) throw new Error(`expected ${sorted(EXPECTED)}, received ${seen}`);
console.log(`TensorBoard reads ${Object.keys(EXPECTED).length} tags from ${PROCESSES.length} files of a run`);
