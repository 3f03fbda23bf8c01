import type { LayerSummary } from '@anc/core';

/** What a network is and costs, for one image. */
export interface Counts {
  /** Trainable numbers; running averages are not among them. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, as the paper counts. */
  readonly flops: number;
}

/** The sums over a network's layers. Throws `ANC_MODEL_INPUT` where it cannot take such images. */
export function parametersAndFlops(
  network: { summary(input: readonly number[]): readonly LayerSummary[] },
  input: readonly number[],
): Counts {
  const rows = network.summary(input);
  return {
    parameters: rows.reduce((sum, row) => sum + row.parameters, 0),
    flops: rows.reduce((sum, row) => sum + row.flops, 0),
  };
}
