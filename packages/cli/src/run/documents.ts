import type { Diagnostics } from '@anc/core';

/** The JSON documents of `run`: stable names, more fields may come. Errors and agreement are fractions. */
export interface PlayerResult {
  readonly model: string;
  /** null where the test images have no labels. */
  readonly testError: number | null;
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, for one image. */
  readonly flops: number;
  /** Training alone. */
  readonly seconds: number;
  /** SHA-256 of the weights file. */
  readonly weights: string;
  /** Size of the smallest file that the run wrote with everything the network needs. */
  readonly bytes: number;
}

export interface StudentResult extends PlayerResult {
  readonly method: string;
  /** This student's folder under `student/`: the method's name, numbered where a method comes twice. */
  readonly name: string;
  /** Share of test images on which student and teacher give the same class. */
  readonly agreement: number;
  /** Of the last epoch, where a discriminator played; null in the document for what is not finite. */
  readonly diagnostics?: Diagnostics;
}

export interface RunResult {
  /** The run folder. */
  readonly run: string;
  readonly dataset: string;
  readonly backend: string;
  readonly seed: number;
  readonly teacher: PlayerResult;
  readonly students: readonly StudentResult[];
  /** What the numbers do and do not say. */
  readonly reading: readonly string[];
}
