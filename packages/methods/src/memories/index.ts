import type { Contributions } from '@anc/core';
import { z } from 'zod';
import { noMemory, replayMemory, replaySchema } from './replay.js';

export const memories: NonNullable<Contributions['memories']> = {
  none: {
    summary: 'new images for each update of the student (DFAD, Fang 2019)',
    options: z.strictObject({}),
    create: () => noMemory,
  },
  replay: {
    summary: 'the last batches of generated images (experience replay, Binici 2022)',
    options: replaySchema,
    create: replayMemory,
  },
};
