import type {
  ClassAnalysis,
  Confusion,
  Disagreement,
  PredictionAnalysis,
  ReliabilityBin,
} from '@anc/runtime';

/** Most classes in the table of classes, and in the confusion matrix. */
const MOST_CLASSES = 100;
const MOST_CONFUSED = 20;
/** Disagreements that are shown. */
const MOST_SHOWN = 20;
/** Equal parts of the probabilities 0 to 1. */
const BINS = 10;

/** What a network says of the test images. */
export interface Answers {
  /** Class index of each image. */
  readonly classes: Int32Array;
  /** Probability of that class; no number where the network's logits are none. */
  readonly confidences: Float32Array;
}

export interface Analyzed {
  readonly student: Answers;
  readonly teacher: Answers;
  /** Class index of each image; null where there are none. */
  readonly labels: Int32Array | null;
  readonly names: readonly string[];
}

/** Compares a student's predictions for the test images with the teacher's, in a document of bounded size. */
export function analyzePredictions(predictions: Analyzed): Omit<PredictionAnalysis, 'shown'> {
  const { student, teacher, labels, names } = predictions;
  const images = student.classes.length;
  const missed = new Int32Array(names.length); // disagreements in which a class has a part
  let disagreements = 0;
  for (let i = 0; i < images; i++) {
    const [ours, theirs] = [student.classes[i]!, teacher.classes[i]!];
    if (ours === theirs) continue;
    disagreements++;
    missed[ours]!++;
    missed[theirs]!++;
  }
  const byMisses = Array.from(names, (_, i) => i).sort((a, b) => missed[b]! - missed[a]! || a - b);
  return {
    images,
    classes: names.length,
    labels: labels !== null,
    perClass: perClass(predictions, byMisses),
    confusion: confusionOf(predictions, byMisses),
    reliability: {
      student: binsOf(student, labels, teacher.classes),
      teacher: labels === null ? [] : binsOf(teacher, labels, null),
    },
    disagreements,
    worst: worstOf(predictions),
  };
}

function perClass(
  { student, teacher, labels, names }: Analyzed,
  byMisses: readonly number[],
): ClassAnalysis[] {
  const count = (holds: (image: number) => boolean, by: Int32Array): Int32Array => {
    const counts = new Int32Array(names.length);
    for (let i = 0; i < by.length; i++) if (holds(i)) counts[by[i]!]!++;
    return counts;
  };
  const given = count(() => true, teacher.classes);
  const agreed = count((i) => student.classes[i] === teacher.classes[i], teacher.classes);
  const labeled = labels && {
    labeled: count(() => true, labels),
    right: count((i) => student.classes[i] === labels[i], labels),
    teacherRight: count((i) => teacher.classes[i] === labels[i], labels),
  };
  const shown = names.length <= MOST_CLASSES ? names.map((_, i) => i) : byMisses.slice(0, MOST_CLASSES);
  return shown.map((i) => ({
    name: names[i]!,
    teacher: given[i]!,
    agreed: agreed[i]!,
    ...(labeled && {
      labeled: labeled.labeled[i]!,
      right: labeled.right[i]!,
      teacherRight: labeled.teacherRight[i]!,
    }),
  }));
}

function confusionOf({ student, teacher, names }: Analyzed, byMisses: readonly number[]): Confusion {
  const all = names.length <= MOST_CONFUSED;
  const shown = all ? names.map((_, i) => i) : byMisses.slice(0, MOST_CONFUSED).sort((a, b) => a - b);
  const row = new Map(shown.map((index, i) => [index, i]));
  const size = shown.length + (all ? 0 : 1);
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < teacher.classes.length; i++) {
    counts[row.get(teacher.classes[i]!) ?? size - 1]![row.get(student.classes[i]!) ?? size - 1]!++;
  }
  return { classes: [...shown.map((i) => names[i]!), ...(all ? [] : ['others'])], counts };
}

function binsOf(
  { classes, confidences }: Answers,
  labels: Int32Array | null,
  teacher: Int32Array | null,
): ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ images: 0, sum: 0, right: 0, agreed: 0 }));
  for (let i = 0; i < classes.length; i++) {
    if (!Number.isFinite(confidences[i])) continue;
    const bin = bins[Math.min(BINS - 1, Math.floor(confidences[i]! * BINS))]!;
    bin.images++;
    bin.sum += confidences[i]!;
    if (labels?.[i] === classes[i]) bin.right++;
    if (teacher?.[i] === classes[i]) bin.agreed++;
  }
  return bins.map(({ images, sum, right, agreed }) => ({
    images,
    confidence: images === 0 ? 0 : sum / images,
    ...(teacher === null ? {} : { agreement: images === 0 ? 0 : agreed / images }),
    ...(labels === null ? {} : { accuracy: images === 0 ? 0 : right / images }),
  }));
}

function worstOf({ student, teacher, labels, names }: Analyzed): Disagreement[] {
  const sureness = (i: number): number => student.confidences[i]! * teacher.confidences[i]!;
  const differing: number[] = [];
  for (let i = 0; i < student.classes.length; i++)
    if (student.classes[i] !== teacher.classes[i] && Number.isFinite(sureness(i))) differing.push(i);
  const answer = ({ classes, confidences }: Answers, i: number) => ({
    class: names[classes[i]!]!,
    confidence: confidences[i]!,
  });
  return differing
    .sort((a, b) => sureness(b) - sureness(a) || a - b)
    .slice(0, MOST_SHOWN)
    .map((i) => ({
      image: i,
      teacher: answer(teacher, i),
      student: answer(student, i),
      ...(labels === null ? {} : { label: names[labels[i]!] ?? `class ${labels[i]!}` }),
    }));
}
