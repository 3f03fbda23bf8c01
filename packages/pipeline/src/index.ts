/** Adversarial network compression as a library: every command of anc-cli as a function. */
export { benchmark, type BenchmarkOptions, type BenchmarkResult } from './api/benchmark.js';
export { check, type CheckOptions, type CheckResult } from './api/check.js';
export { chooseStudent, type ChooseStudentOptions } from './api/choose-student.js';
export {
  compare,
  resumeComparison,
  type CompareOptions,
  type ResumeComparisonOptions,
} from './api/compare.js';
export { distill, resume, type Distilled, type DistillOptions, type ResumeOptions } from './api/distill.js';
export { doctor, type DoctorOptions } from './api/doctor.js';
export {
  evaluate,
  openTrainedModel as openClassifier,
  type EvaluateOptions,
  type EvaluateResult,
} from './api/evaluate.js';
export { exportModel, type ExportOptions, type ExportResult } from './api/export-model.js';
export { forecast } from './api/forecast.js';
export { importWeights, type ImportOptions, type ImportResult } from './api/import-weights.js';
export type { ModelFileOptions } from './api/model-call.js';
export { predict, type PredictOptions, type PredictResult } from './api/predict.js';
export { reproduce, resumeReproduction, type ReproduceOptions } from './api/reproduce.js';
export { report, type ReportResult } from './api/report.js';
export { httpTeacher, type HttpTeacher, type HttpTeacherOptions } from './endpoint/http-teacher.js';
export { RunHandle, type DoneEvent } from './api/run-handle.js';
export type { CallOptions } from './api/call.js';
export type { RunInput, StudentBudget } from './api/run-input.js';
export type { ImageTensor, TeacherFunction, TeacherFunctionResult } from './api/teacher-function.js';
export type { MissedThreshold } from './api/thresholds.js';
export type { ImagesInput, Prediction, TrainedModel } from './api/trained-model.js';
export { resumeTuning, tune, type SearchOptions, type TuneOptions } from './api/tune.js';
export { work, type WorkOptions, type WorkResult } from './api/work.js';
export { ui, type UiOptions } from './api/ui.js';
export type {
  BackendInput,
  DatasetInput,
  HookInput,
  MethodInput,
  ModelInput,
  NameInput,
  PluginInput,
  TeacherInput,
} from './api/values.js';
export type { Costs, Sized, StudentChoice } from './budget/choose.js';
export type { Limits } from './budget/limits.js';
export type { MeasuredBatch } from './measurement/measure.js';
export type { BenchmarkRow } from './benchmark/rows.js';
export type { CompareResult } from './compare/documents.js';
export type { CostAlternative, CostForecast } from './forecast/forecast.js';
export type { ModelResult, RunResult, StudentResult } from './events/documents.js';
export type { PlanSummary, RunEvent, StagePlace } from './events/events.js';
export type { FailedImage, PredictedClass, PredictedImage } from './predict/predict-files.js';
export type { ReproduceResult } from './reproduce/documents.js';
export type { RunsServer } from './ui/server.js';
export type { TuneResult } from './tune/documents.js';
