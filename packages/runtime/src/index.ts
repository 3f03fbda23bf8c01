export {
  CheckpointStore,
  type Checkpoint,
  type CheckpointStoreOptions,
} from './checkpoint/checkpoint-store.js';
export { assertSameSpecs, specsOf, type CheckpointPosition } from './checkpoint/manifest.js';
export { LabeledLoader } from './loader/labeled-loader.js';
export { Loader, readViews, type LoaderOptions } from './loader/loader.js';
export type {
  Answer,
  ClassAnalysis,
  Confusion,
  DataDocument,
  DataSplit,
  Disagreement,
  Latency,
  LatencyDocument,
  PredictionAnalysis,
  ReliabilityBin,
  Tiles,
} from './report/documents.js';
export { renderReport, writeReport, type ReportedModel, type ReportedResult } from './report/report.js';
export { launcherOf, type Environment, type Launcher } from './mpi/launcher.js';
export { openMpi, reportMpi, type MpiReport } from './mpi/open-collective.js';
export type { Axis, Chart, Line } from './report/charts.js';
export { drawChart } from './report/draw.js';
export type { ParetoPoint } from './report/pareto.js';
export {
  renderSimpleReport,
  type ReportLink,
  type ReportSection,
  type SimpleReport,
} from './report/simple-report.js';
export { writeFileAtomically, type FileContent } from './run-folder/atomic-write.js';
export {
  assertCreatable,
  assertSpace,
  createFolder,
  freeName,
  isLeftover,
  type CreatableOptions,
} from './run-folder/create-folder.js';
export { Checksums } from './run-folder/checksums.js';
export { damagedError } from './run-folder/damage.js';
export { describeEnvironment, type EnvironmentRecord } from './run-folder/environment.js';
export { folderName } from './run-folder/folder-name.js';
export { hasLock, lockFolder, type Lock } from './run-folder/lock.js';
export type { MetricsLog, MetricsRecord } from './run-folder/metrics-log.js';
export { RunFolder } from './run-folder/run-folder.js';
export { onDisk } from './run-folder/disk-error.js';
export { removeTemporary, temporaryName } from './run-folder/temporary-name.js';
export type { DiskCacheOptions } from './teacher-cache/disk-store.js';
export { TeacherCache, type TeacherCacheOptions } from './teacher-cache/teacher-cache.js';
export type { TeacherCacheCounts } from './teacher-cache/teacher-cache-counts.js';
export { ScalarLog, type ScalarLogOptions } from './tensorboard/scalar-log.js';
export {
  pathOfReport,
  renderRunsPage,
  type ChartedRun,
  type ListedFolder,
  type RunsPage,
} from './report/runs-page.js';
export { html, Markup } from './report/markup.js';
export { pageOf, type Shell } from './report/shell.js';
export { assertSelfContained } from './run-folder/regular-entries.js';
