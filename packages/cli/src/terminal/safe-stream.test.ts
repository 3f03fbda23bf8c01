import { describe, expect, it } from 'vitest';
import { runProgram } from '../program.js';
import { safeStream } from './safe-stream.js';
import { formatTable } from './table.js';

function written(isTTY: boolean, text: string): string {
  let all = '';
  const write = (part: unknown): boolean => ((all += String(part)), true);
  safeStream({ write, isTTY, columns: 80 }).write(text);
  return all;
}

describe('what is written to a terminal', () => {
  it('has no control characters of others', () => {
    const name = '\u001b]0;title\u0007\u001b[31mred\u009b2J\u202eexe.png';
    const escaped = '\\u001b]0;title\\u0007\\u001b[31mred\\u009b2J\\u202eexe.png';
    expect(written(false, `${name}\n`)).toBe(`${escaped}\n`);
    expect(written(true, `${name}\n`)).toBe(`${escaped}\n`);
  });

  it('keeps our own', () => {
    const own = '\r\u001b[2K\u001b[1mhead\u001b[22m\tπ\n';
    expect(written(true, own)).toBe(own);
    expect(written(false, '\u001b[1m')).toBe('\\u001b[1m');
  });

  it('stays JSON with the same value', () => {
    const value = { name: '\u001b[31m\u007f\u009b\u2028' };
    const text = written(false, JSON.stringify(value));
    expect(text).toMatch(/^[\u0020-\u007e]*$/);
    expect(JSON.parse(text)).toEqual(value);
  });

  it('has rows of one line each', () => {
    expect(formatTable(['name', 'n'], [['a\nb\u001b[1m', '1']])).toContain('a\\u000ab\\u001b[1m');
  });

  it('names files with their control characters escaped', async () => {
    let all = '';
    const stream = { write: (text: unknown) => ((all += String(text)), true), isTTY: false, columns: 80 };
    const args = ['import', 'no\u001b[31m$(x).pth', '--out', 'o.safetensors'];
    await runProgram(args, { cwd: process.cwd(), stdout: stream, stderr: stream });
    expect(all).toContain('"no\\u001b[31m$(x).pth" does not exist');
    expect(all).not.toContain('\u001b');
  });
});
