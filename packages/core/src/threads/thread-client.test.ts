import { describe, expect, it } from 'vitest';
import { AncError } from '../errors/error.js';
import { receivedError } from '../errors/sent-error.js';
import { answerCalls } from './answer-calls.js';
import type { CallThread, ThreadListener } from './calls.js';
import { ThreadClient } from './thread-client.js';

interface Calls {
  append(text: string): string;
  fail(code: 'ANC_SHAPE' | null): void;
  never(): void;
  bytes(): Uint8Array;
}

/** A thread that is none: its answers come in later microtasks. */
function start() {
  let text = '';
  let listener!: ThreadListener;
  const log: string[] = [];
  const moved: ArrayBuffer[] = [];
  const received: ArrayBuffer[] = [];
  const begin = (heard: ThreadListener): CallThread => {
    listener = heard;
    const take = answerCalls<Calls>(
      {
        // the first is answered last
        append: async (more) => {
          for (let i = more.length; i < 4; i++) await Promise.resolve();
          return (text += more);
        },
        fail: (code) => {
          throw code === null ? new Error('broken') : new AncError(code, 'too long', { hint: 'cut it' });
        },
        never: () => new Promise(() => undefined),
        bytes: () => new Uint8Array(3),
      },
      (reply, transfer) => {
        moved.push(...transfer);
        queueMicrotask(() => heard.answered(reply));
      },
      {
        moved: { bytes: (made) => [made, made] },
        enter: () => log.push('enter'),
        leave: () => log.push('leave'),
      },
    );
    return {
      post: (request, transfer) => {
        received.push(...transfer);
        take(request);
      },
      hold: (held) => log.push(held ? 'held' : 'let go'),
      end: async () => void log.push('ended'),
    };
  };
  const client = new ThreadClient<Calls>(begin, {
    ofCall: (sent) => receivedError(sent, 'ANC_ENGINE'),
    ofThread: ({ message }) => new Error(`lost: ${message}`),
    closed: () => new Error('closed'),
  });
  return { client, log, moved, received, failed: (error: Error) => listener.failed(error) };
}

describe('ThreadClient', () => {
  it('gets answers in the order of the calls, and holds the process while one is missing', async () => {
    const { client, log } = start();
    const all = ['a', 'bb', 'ccc'].map((text) => client.call('append', [text]));
    expect(await Promise.all(all)).toEqual(['a', 'abb', 'abbccc']);
    expect(log).toEqual([
      ...'held held held'.split(' '),
      ...'enter leave enter leave enter leave'.split(' '),
      'let go',
    ]);
  });

  it('moves the buffers that are named, each once', async () => {
    const { client, moved, received } = start();
    const own = new ArrayBuffer(2);
    await client.call('append', ['a'], [own]);
    expect(received).toEqual([own]);
    const { buffer } = await client.call('bytes', []);
    expect(moved).toEqual([buffer]);
  });

  it('throws what the thread threw, with its code, and goes on', async () => {
    const { client } = start();
    await expect(client.call('fail', ['ANC_SHAPE'])).rejects.toMatchObject({
      code: 'ANC_SHAPE',
      message: 'too long',
      detail: { hint: 'cut it' },
    });
    await expect(client.call('fail', [null])).rejects.toMatchObject({
      code: 'ANC_ENGINE',
      message: 'broken',
    });
    expect(await client.call('append', ['a'])).toBe('a');
  });

  it('fails pending and later calls once the thread is lost', async () => {
    const { client, failed } = start();
    const pending = client.call('never', []);
    failed(new Error('out of memory'));
    failed(new Error('and its end'));
    await expect(pending).rejects.toThrow('lost: out of memory');
    await expect(client.call('append', ['a'])).rejects.toThrow('lost: out of memory');
  });

  it('ends the thread after the pending calls, and refuses new ones', async () => {
    const { client, log } = start();
    const pending = client.call('append', ['a']).then((text) => log.push(`answered ${text}`));
    const closed = client.close();
    await expect(client.call('append', ['b'])).rejects.toThrow('closed');
    await closed;
    await pending;
    expect(log.slice(-3)).toEqual(['let go', 'answered a', 'ended']);
  });

  it('ends a thread that is lost while it closes', async () => {
    const { client, log, failed } = start();
    const pending = client.call('never', []);
    const closed = client.close();
    failed(new Error('out of memory'));
    await expect(pending).rejects.toThrow('closed');
    await closed;
    expect(log.at(-1)).toBe('ended');
  });
});
