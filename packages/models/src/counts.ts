import type { LayerSummary } from '@anc/core';

/** Size of a network, and cost of one image. */
export interface Counts {
  /** Trainable parameters, without running averages. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, as in the paper. */
  readonly flops: number;
}

/**
 * Sums over the layers of a network.
 *
 * @param input [H, W, C]
 * @throws `ANC_MODEL_INPUT` if the network cannot take such images.
 */
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
