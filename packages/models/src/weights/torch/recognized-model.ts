import type { ModelEnvironment } from '@anc/core';
import type { NameMap } from '../arrange/name-map.js';

/** Our model for a checkpoint. */
export interface RecognizedModel<O extends object = object> {
  /** Name of the model. */
  readonly model: string;
  /** Its options. */
  readonly options: O;
  /** Images and classes of the checkpoint's network. */
  readonly environment: ModelEnvironment;
  /** Our names of the checkpoint's tensors. */
  readonly map: NameMap;
  /** What names and shapes do not tell, as a sentence; absent: nothing. */
  readonly notice?: string;
}
