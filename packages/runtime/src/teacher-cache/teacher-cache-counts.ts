/** What a teacher cache has done, and the space that it takes. */
export interface TeacherCacheCounts {
  /** Images whose requested outputs were all cached. */
  readonly hits: number;
  /** Images that the teacher had to compute. */
  readonly misses: number;
  /** Images that the teacher computed, including those that fill up a batch. */
  readonly inferred: number;
  /** Memory in use. */
  readonly bytes: number;
  /** Hits that were read from disk. */
  readonly diskHits: number;
  /** Bytes on disk. */
  readonly diskBytes: number;
  /** The largest change of an output by half precision; 0 without it. */
  readonly halfError: number;
}
