/** Documents in a run folder that only its report is made of. What an earlier version did not write is left out of the report. */

/** `data.json`: what the images of a run are, and how they are read. */
export interface DataDocument {
  /** Name of the dataset. */
  readonly dataset: string;
  /** Where the files are, as far as options say; a path below the home folder begins with `~`. Null: nowhere, or the cache. */
  readonly location: string | null;
  /** [H, W, C] of an image. */
  readonly shape: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** The first of their names. */
  readonly classNames: readonly string[];
  /** Training images, held-out images where there are some, test images. */
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

/** A part of the images. */
export interface DataSplit {
  /** What it is for. */
  readonly name: 'training' | 'held-out' | 'test';
  /** Number of images. */
  readonly images: number;
  /** Whether there are labels, or targets of another shape. */
  readonly labels: boolean;
  /** Name of their dataset, where it is not the run's. */
  readonly dataset?: string;
}

/** Pictures side by side in one PNG file. */
export interface Tiles {
  /** Number of pictures. */
  readonly count: number;
  /** Pictures in a row. */
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
  /** Which class the student gives for each of the teacher's. */
  readonly confusion: Confusion;
  /** How far the probability of the predicted class can be taken at its word. */
  readonly reliability: {
    /** Against the teacher, and against labels where there are some. */
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

/** A class of the test images. */
export interface ClassAnalysis {
  /** Name of the class. */
  readonly name: string;
  /** Images that the teacher gives this class. */
  readonly teacher: number;
  /** Those of them for which the student gives it, too. */
  readonly agreed: number;
  /** Images with this label; with the next two, only where there are labels. */
  readonly labeled?: number;
  /** Those of them that the student classifies rightly. */
  readonly right?: number;
  /** Those of them that the teacher classifies rightly. */
  readonly teacherRight?: number;
}

/** Images by the teacher's class (row) and the student's (column). */
export interface Confusion {
  /** Names; the last is `others` where there are more classes than rows. */
  readonly classes: readonly string[];
  /** Numbers of images, row by row. */
  readonly counts: readonly (readonly number[])[];
}

/** Images whose predicted class has a probability in a tenth of 0 to 1. */
export interface ReliabilityBin {
  /** Number of images. */
  readonly images: number;
  /** Mean probability of the predicted class. */
  readonly confidence: number;
  /** Share for which the teacher gives the same class; of students. */
  readonly agreement?: number;
  /** Share that is right; where there are labels. */
  readonly accuracy?: number;
}

/** An image for which student and teacher give different classes. */
export interface Disagreement {
  /** Index of the image in the test images of the run. */
  readonly image: number;
  /** What the teacher says. */
  readonly teacher: Answer;
  /** What the student says. */
  readonly student: Answer;
  /** The image's label, where it has one. */
  readonly label?: string;
}

/** What a network says of an image. */
export interface Answer {
  /** Name of the predicted class. */
  readonly class: string;
  /** Its probability. */
  readonly confidence: number;
}

/** `latency.json`: how long the networks of a run take for one image, measured at its end. */
export interface LatencyDocument {
  /** Name of the backend that the students were measured on. */
  readonly backend: string;
  /** That of the teacher, where it is another one. */
  readonly teacherBackend?: string;
  /** The processor or graphics card. */
  readonly device: string;
  /** Images at once. */
  readonly batch: number;
  /** By model: `teacher`, or a student's name. */
  readonly models: Readonly<Record<string, Latency>>;
}

/** Milliseconds of one call. */
export interface Latency {
  /** Median. */
  readonly p50: number;
  /** Of twenty calls, nineteen take no longer. */
  readonly p95: number;
  /** Calls that were timed. */
  readonly calls: number;
}
