import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hookContract } from '@anc/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../run-folder/run-folder.js';
import { TensorboardHook } from '../tensorboard/tensorboard-hook.js';
import { EarlyStopping, earlyStoppingSchema } from './early-stopping.js';

const runner = { describe, it, expect };
const roots: string[] = [];
afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true, force: true }))));

describe('early-stopping', () => {
  hookContract(runner, () => new EarlyStopping(earlyStoppingSchema.parse({ patience: 2 })));
});

describe('tensorboard', () => {
  hookContract(runner, () => new TensorboardHook({ write: true }), {
    run: async () => {
      const root = await mkdtemp(join(tmpdir(), 'anc-hooks-'));
      roots.push(root);
      return { folder: (await RunFolder.create(join(root, 'run'), 'seed: 1\n')).path };
    },
  });
});
