/** What this repository's own packages use besides the public contract. It can change at any time. */

// Plugins and errors
export { pixelUnit } from './contracts/dataset.js';
export { originOf, setOrigin, shareOrigin } from './contracts/origin.js';
export { produced, received } from './finite/produced.js';
export { assertPlugin } from './contracts/plugin.js';
export { callSite, faultOf } from './errors/call-site.js';
export { shapeError } from './errors/error.js';
export { hintFor, Uses, usesInWords, watchingSources } from './purity/impure-sources.js';
export { currentPart, inPart } from './purity/parts.js';
export { valueRead } from './purity/value-read.js';

// Messages
export { shellQuoted } from './text/shell-quoted.js';

// JSON documents
export type { Json } from './json/json.js';
export { decodeNumber, decodeNumbers, encodeNumbers } from './json/numbers.js';

// Tasks
export { readTargets } from './contracts/targets.js';
export { agreement, errorRate } from './tasks/classification/batch-metrics.js';
export { kappaMatters } from './tasks/classification/kappa-matters.js';
export { topOf } from './tasks/classification/top-classes.js';
export { metricFields, metricOf, validationFields, type MetricFields } from './tasks/metric-fields.js';
export { describeTask, taskEntry, taskOfDocument, type TaskDescription } from './tasks/task-description.js';

// Parts of networks and methods
export { INITIALIZER_NAMES, INITIALIZERS, type InitializerName } from './layers/init/initializers.js';
export { areaUnderCurve } from './losses/metrics.js';
export { builtinOptimizers } from './optimizers/builtin-optimizers.js';
export { listed } from './optimizers/builtin-parts.js';
export { builtinSchedules, stepScheduleSchema } from './optimizers/builtin-schedules.js';
export { inMask } from './optimizers/name-mask.js';
export { optimizerOverridesSchema } from './optimizers/optimizer-config.js';
export { isFrozen, onlyFrozen, withoutFrozen } from './step/model-state.js';
export { averagedStudent } from './step/averaged-student.js';
export { memoryFrom, scalarFrom } from './step/component-result.js';
export { assertVariables, blamed } from './step/network-result.js';
export { withActivationDropout } from './step/dropout.js';
export { hasMemory } from './step/regularizer-memory.js';
export { auxiliaryLayersOf } from './step/terms.js';
export { assertFeed } from './tree/assert-feed.js';
export { runInParts } from './inference/chunks.js';
export { rowRange, rowsOf, type RowRange } from './tree/rows.js';
export { firstNotFinite } from './tree/tree.js';
export { permuted } from './tree/permute.js';

// Frozen networks
export { predictSplit, type SplitPredictions } from './inference/predict-split.js';
export { logitsOf, type SplitLogits } from './inference/split-logits.js';
export {
  compileClassifier,
  liveTeacher,
  NetworkTeacher,
  outputShapes,
  outputsOf,
} from './inference/network-teacher.js';

// Backends and the machine
export { cacheFolder } from './machine/cache-folder.js';
export { codeIdentity, type InstalledPackages } from './machine/code-identity.js';
export { inference } from './eager/eager-context.js';
export { replacePlainKernels } from './eager/plain-kernels.js';
export { fastest, reportBackend, type BackendReport } from './machine/backend-report.js';
export { importKoffi, KOFFI, type CFunction, type CLibrary, type Koffi } from './machine/koffi.js';
export { importFromUser, importOptional, type OptionalPackage } from './machine/optional-package.js';
export { installable, platformName } from './machine/platform.js';
export { makeFolder } from './machine/make-folder.js';
export { mainMemory, processorName, processorThreads } from './machine/processor.js';

// Threads
export { builtFile } from './threads/built-file.js';
export type { CallThread, ThreadCalls, ThreadListener, ThreadReply, ThreadRequest } from './threads/calls.js';
export { nodeThread, type NodeThreadOptions } from './threads/node-thread.js';
export { ThreadClient, type ThreadErrors } from './threads/thread-client.js';

// Training
export { alarmsFor } from './train/alarms.js';
export { generatorAlarms } from './train/generator-alarms.js';
export { emptyBatches, imageRows, stepInputs } from './train/batches.js';
export { allocateEpochs } from './train/allocate-epochs.js';
export {
  currentDiagnostics,
  diagnosticsOf,
  withDeprecatedDiagnostics,
  type RecordedDiagnostics,
} from './train/diagnostics.js';
export { meansOfRuns } from './train/metric-accumulator.js';
export { currentMetricName, currentMetrics, withDeprecatedMetrics } from './train/metric-names.js';
export { readPosition } from './train/position.js';
export { receivedError, sentError, type SentError } from './errors/sent-error.js';
export { isSharedError, RankGroup, sharedLike } from './ranks/rank-group.js';
export { assertDivisible } from './train/divisible.js';
export { rehearse, type RehearseOptions } from './train/rehearse.js';
export { StageRunner } from './train/stage-runner.js';
export { noiseSpec } from './random/noise.js';
export { NoiseAhead } from './random/noise-ahead.js';
