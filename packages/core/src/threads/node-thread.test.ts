import { afterEach, describe, expect, it } from 'vitest';
import type { ThreadReply } from './calls.js';
import { nodeThread, type NodeThreadOptions } from './node-thread.js';

const PROGRAM = `
import { parentPort, workerData } from 'node:worker_threads';
parentPort.on('message', ({ id, name, args }) => {
  if (name === 'exit') process.exit(...args);
  if (name === 'throw') throw new Error(...args);
  parentPort.postMessage({ id, value: name === 'env' ? process.env[args[0]] : workerData });
});`;
const ENTRY = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`);

/** A thread, and what its listener hears: answers and failures in order. */
function start(options: NodeThreadOptions = {}) {
  const heard: string[] = [];
  let next: () => void = () => undefined;
  const hear = (text: string): void => {
    heard.push(text);
    next();
  };
  const thread = nodeThread(
    ENTRY,
    {
      answered: (reply: ThreadReply) => hear('value' in reply ? `answer ${String(reply.value)}` : 'error'),
      failed: ({ message }) => hear(`failure: ${message}`),
    },
    options,
  );
  thread.hold(true);
  const until = async (count: number): Promise<readonly string[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => (next = resolve));
    return heard;
  };
  const call = (name: string, ...args: unknown[]): void => thread.post({ id: 0, name, args }, []);
  return { thread, call, until, hear };
}

describe('nodeThread', () => {
  afterEach(() => delete process.env.NODE_THREAD_TEST);

  it('has its data, and the environment of the process only where that is shared', async () => {
    for (const sharesEnvironment of [true, false]) {
      const { thread, call, until } = start({ workerData: 'given', sharesEnvironment });
      call('data');
      await until(1);
      process.env.NODE_THREAD_TEST = 'set later';
      call('env', 'NODE_THREAD_TEST');
      expect(await until(2)).toEqual([
        'answer given',
        `answer ${sharesEnvironment ? 'set later' : 'undefined'}`,
      ]);
      await thread.end();
      delete process.env.NODE_THREAD_TEST;
    }
  });

  it('reports an end that nobody asked for, after `ended`', async () => {
    let ended: () => void = () => undefined;
    const { call, until, hear } = start({ ended: () => ended() });
    ended = () => hear('ended');
    call('exit', 3);
    expect(await until(2)).toEqual(['ended', "failure: the engine's thread ended with code 3"]);
  });

  it('reports what the thread throws', async () => {
    const { call, until } = start();
    call('throw', 'broken');
    expect(await until(2)).toEqual(['failure: broken', "failure: the engine's thread ended with code 1"]);
  });
});
