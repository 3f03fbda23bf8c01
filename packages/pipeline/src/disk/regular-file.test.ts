import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openNamedFile, readNamedFile } from '../files/named-file.js';

it.skipIf(process.platform === 'win32')(
  'refuses pipes, sockets and devices without opening them',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'anc-special-'));
    const server = createServer();
    try {
      execFileSync('mkfifo', [join(dir, 'pipe.pth')]);
      server.listen(join(dir, 'socket.pth'));
      await once(server, 'listening');
      for (const [name, received] of [
        [join(dir, 'pipe.pth'), 'it is a pipe, not a file'],
        [join(dir, 'socket.pth'), 'it is a socket, not a file'],
        ['/dev/zero', 'it is a device, not a file'],
      ] as const) {
        const refused = { code: 'ANC_FILE', detail: expect.objectContaining({ received }) as object };
        expect(() => openNamedFile(name, dir)).toThrow(expect.objectContaining(refused));
        await expect(readNamedFile(name, dir)).rejects.toMatchObject(refused);
      }
    } finally {
      server.close();
      await rm(dir, { recursive: true, force: true });
    }
  },
);
