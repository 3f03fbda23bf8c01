import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ParquetImages } from '../parquet/parquet-images.js';
import { TarImages } from '../tar/tar-images.js';
import { readTarGz } from './tar-gz.js';
import { readVerified } from './verified-file.js';

it.skipIf(process.platform === 'win32')('refuses pipes and devices without opening them', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'anc-special-'));
  try {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      const refused = { code: 'ANC_DATA_MISSING', message: `${path}: cannot be read.` };
      await expect(readVerified(path, null)).rejects.toMatchObject(refused);
      await expect(readTarGz(path, new Map([['x', 1]]))).rejects.toMatchObject(refused);
      await expect(TarImages.open(path)).rejects.toMatchObject(refused);
      await expect(ParquetImages.open([path])).rejects.toMatchObject(refused);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
