/**
 * Loaded into a process that is to be killed (`node --import`): counts the operations that change the file system, and
 * sends itself signals at one of them. `ANC_KILL` is `{ at, part, signals }`; with the part `half` a write stops after
 * half of its bytes, as a kill between two writes of the system leaves it. Without `at` it only counts, and writes the
 * number to `ANC_KILL_COUNT` at the end.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/** Names of functions, and where in their arguments the content is. */
const CHANGES = ['mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'unlink', 'symlink', 'truncate', 'cp', 'open'];
const WRITES = ['writeFile', 'appendFile'];
const OF_HANDLES = ['sync', 'truncate'];
const WRITES_OF_HANDLES = ['write', 'writeFile', 'appendFile'];

const { at = Infinity, part = 'before', signals = [] } = JSON.parse(process.env.ANC_KILL ?? '{}');
let count = 0;

function end() {
  for (const signal of signals) process.kill(process.pid, signal);
}

const halfOf = (content) =>
  typeof content === 'string' || ArrayBuffer.isView(content)
    ? content.slice(0, content.length >> 1)
    : content;

const opensToRead = (name, [, flags]) =>
  name === 'open' && (flags === undefined || flags === 'r' || flags === 0);

/** `contentAt`: place of the content in the arguments; -1 where the function writes none. */
function counted(name, call, contentAt) {
  return function (...args) {
    if (opensToRead(name, args) || ++count !== at) return call.apply(this, args);
    if (part === 'before') end(); // signals that can be handled are heard of after the call
    if (part === 'half' && contentAt >= 0) args[contentAt] = halfOf(args[contentAt]);
    const done = call.apply(this, args);
    if (part === 'before') return done;
    if (typeof done?.then === 'function') return done.then((value) => (end(), value));
    end();
    return done;
  };
}

const replace = (object, name, contentAt) => {
  if (typeof object[name] === 'function')
    object[name] = counted(name.replace('Sync', ''), object[name], contentAt);
};

if (isMainThread && (process.env.ANC_KILL ?? process.env.ANC_KILL_COUNT)) {
  const handle = await fs.promises.open(fileURLToPath(import.meta.url), 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { writeFileSync } = fs;
  for (const name of OF_HANDLES) replace(prototype, name, -1);
  for (const name of WRITES_OF_HANDLES) replace(prototype, name, 0);
  for (const [names, contentAt] of [
    [CHANGES, -1],
    [WRITES, 1],
  ]) {
    for (const name of names) {
      replace(fs.promises, name, contentAt);
      replace(fs, `${name}Sync`, contentAt);
    }
  }
  replace(fs, 'write', -1); // of write streams
  syncBuiltinESMExports();
  const counting = process.env.ANC_KILL_COUNT;
  if (counting) process.on('exit', () => writeFileSync(counting, String(count)));
}
