/** Documents in a run folder that only its report is made of. What an earlier version did not write is left out of the report. */

/** `data.json`: what the images of a run are, and how they are read. */
export interface DataDocument {
  readonly dataset: string;
  /** Where the files are, as far as options say; a path below the home folder begins with `~`. Null: nowhere, or the cache. */
  readonly location: string | null;
  /** [H, W, C] of an image. */
  readonly shape: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** The first of their names. */
  readonly classNames: readonly string[];
  readonly splits: readonly DataSplit[];
  /** How bytes (0..255) become a network's input, in words. */
  readonly normalization: string;
  /** What happens to training images, in words. */
  readonly augmentation: string;
  /** What is unusual about the files, in sentences. */
  readonly notices: readonly string[];
  /** The pictures in `training-images.png`; absent where there are none. */
  readonly shown?: Tiles;
}

export interface DataSplit {
  readonly name: 'training' | 'held-out' | 'test';
  readonly images: number;
  /** Whether there are labels, or targets of another shape. */
  readonly labels: boolean;
}

/** Pictures side by side in one PNG file. */
export interface Tiles {
  readonly count: number;
  readonly columns: number;
  /** Height and width of a picture in pixels. */
  readonly tile: readonly [number, number];
  /** Pixels around each picture. */
  readonly gap: number;
}

/** `student/<name>/analysis.json`: a student's predictions for the test images against the teacher's. Shares are fractions. */
export interface PredictionAnalysis {
  /** Number of test images. */
  readonly images: number;
  /** Number of classes. */
  readonly classes: number;
  /** Whether the test images have labels; without, everything here is about agreement. */
  readonly labels: boolean;
  /** Classes in their order; where there are many, those with the most disagreements, most first. */
  readonly perClass: readonly ClassAnalysis[];
  readonly confusion: Confusion;
  readonly reliability: {
    readonly student: readonly ReliabilityBin[];
    /** Against labels alone: empty without. */
    readonly teacher: readonly ReliabilityBin[];
  };
  /** Number of images for which student and teacher give different classes. */
  readonly disagreements: number;
  /** Those in which both are surest: by the product of their confidences, greatest first. */
  readonly worst: readonly Disagreement[];
  /** Their pictures in `disagreements.png`; absent where there are none. */
  readonly shown?: Tiles;
}

export interface ClassAnalysis {
  readonly name: string;
  /** Images that the teacher gives this class. */
  readonly teacher: number;
  /** Those of them for which the student gives it, too. */
  readonly agreed: number;
  /** Images with this label; with the next two, only where there are labels. */
  readonly labeled?: number;
  /** Those of them that the student classifies rightly. */
  readonly right?: number;
  readonly teacherRight?: number;
}

/** Images by the teacher's class (row) and the student's (column). */
export interface Confusion {
  /** Names; the last is `others` where there are more classes than rows. */
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** Images whose predicted class has a probability in a tenth of 0 to 1. */
export interface ReliabilityBin {
  readonly images: number;
  /** Mean probability of the predicted class. */
  readonly confidence: number;
  /** Share for which the teacher gives the same class; of students. */
  readonly agreement?: number;
  /** Share that is right; where there are labels. */
  readonly accuracy?: number;
}

export interface Disagreement {
  /** Index of the image in the test images of the run. */
  readonly image: number;
  readonly teacher: Answer;
  readonly student: Answer;
  /** The image's label, where it has one. */
  readonly label?: string;
}

export interface Answer {
  readonly class: string;
  readonly confidence: number;
}

/** `latency.json`: how long the networks of a run take for one image, measured at its end. */
export interface LatencyDocument {
  /** Where it was measured: backend and processor. */
  readonly backend: string;
  readonly device: string;
  /** Images at once. */
  readonly batch: number;
  readonly models: Readonly<Record<string, Latency>>;
}

/** Milliseconds of one call. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  /** Calls that were timed. */
  readonly calls: number;
}
