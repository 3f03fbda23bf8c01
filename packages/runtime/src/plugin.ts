import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import type { z } from 'zod';
import { EarlyStopping, earlyStoppingSchema, type EarlyStoppingOptions } from './hooks/early-stopping.js';
import { createMlflow, createTrackio, mlflowSchema, trackioSchema } from './trackers/create-tracker.js';
import { TensorboardHook, tensorboardSchema } from './tensorboard/tensorboard-hook.js';

/** The hooks that come with the program. */
export default function runtime(): Plugin {
  return definePlugin({
    name: '@anc/runtime',
    apiVersion: PLUGIN_API_VERSION,
    hooks: {
      mlflow: {
        summary: 'sends the metrics of every epoch to an MLflow tracking server',
        options: mlflowSchema,
        create: (options: z.infer<typeof mlflowSchema>) => createMlflow(options),
      },
      trackio: {
        summary: 'sends the metrics of every epoch to a Trackio server',
        options: trackioSchema,
        create: (options: z.infer<typeof trackioSchema>) => createTrackio(options),
      },
      'early-stopping': {
        summary: "stops a model's training when a metric has not improved for some epochs",
        options: earlyStoppingSchema,
        create: (options: EarlyStoppingOptions) => new EarlyStopping(options),
      },
      tensorboard: {
        summary: 'writes the metrics of every epoch for TensorBoard; on unless write is false',
        options: tensorboardSchema,
        create: (options: { write: boolean }) => new TensorboardHook(options),
      },
    },
  });
}
