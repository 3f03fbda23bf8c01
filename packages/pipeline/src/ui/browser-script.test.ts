import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BROWSER_SCRIPT } from './browser-script.js';

/** The script on a page, with requests that are answered by hand. */
function open(pathname: string) {
  const listeners = new Map<string, (event: { data: string }) => void>();
  const requests: (() => void)[] = [];
  const main = { querySelectorAll: () => [], replaceChildren: () => undefined, childNodes: [] };
  const page = { querySelector: () => main, addEventListener: () => undefined };
  const context = {
    location: { pathname, href: pathname },
    document: page,
    DOMParser: class {
      parseFromString = () => page;
    },
    EventSource: class {
      addEventListener(type: string, listener: (event: { data: string }) => void) {
        listeners.set(type, listener);
      }
    },
    fetch: () =>
      new Promise((resolve) => requests.push(() => resolve({ ok: true, text: () => Promise.resolve('') }))),
    setTimeout: (go: () => void) => setImmediate(go),
  };
  runInContext(BROWSER_SCRIPT, createContext(context));
  const settled = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    requests,
    settled,
    send: (type: string, data: object) => listeners.get(type)!({ data: JSON.stringify(data) }),
  };
}

describe('the script of the pages', () => {
  it('asks once more for what came while it was asking, and never twice at once', async () => {
    const { requests, send, settled } = open('/');
    send('epoch', { run: 'a' });
    send('epoch', { run: 'b' });
    await settled();
    expect(requests).toHaveLength(1);
    send('epoch', { run: 'a' });
    send('runs', { runs: [] });
    await settled();
    expect(requests).toHaveLength(1);
    requests[0]!();
    await settled();
    expect(requests).toHaveLength(2);
    requests[1]!();
    await settled();
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['/runs/shoes/report.html', 'epoch', { run: 'shoes/seed-1' }, 1],
    ['/runs/shoes/report.html', 'runs', { runs: ['hats', 'shoes/seed-2'] }, 1],
    ['/runs/shoes/report.html', 'finished', { run: 'shoes' }, 1],
    ['/runs/shoes/report.html', 'epoch', { run: 'shoes-2' }, 0],
    ['/runs/shoes/seed-1/report.html', 'runs', { runs: ['shoes', 'shoes/seed-1', 'shoes/seed-2'] }, 0],
    ['/runs/report.html', 'epoch', { run: 'seed-1' }, 1],
  ])('on %s of %s %j: %d requests', async (path, type, data, count) => {
    const { requests, send, settled } = open(path);
    send(type, data);
    await settled();
    expect(requests).toHaveLength(count);
  });
});
