import { AncError } from '@anc/core';

/** The error for a file that is not a checkpoint or is cut short. `why` completes the sentence, without a period. */
export const damagedCheckpoint = (
  why: string,
  hint = 'download the file again if it was cut short, or save it again with torch.save(model.state_dict(), path).',
): AncError => new AncError('ANC_CHECKPOINT', `not a readable PyTorch checkpoint: ${why}.`, { hint });
