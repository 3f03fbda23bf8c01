/**
 * Loaded into every process and thread of a command with `--import`: refuses connections and looked-up names, and adds
 * each to the file ANC_WATCH_FILE, a line each.
 */
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import dgram from 'node:dgram';
import dns from 'node:dns';
import net from 'node:net';

function refuse(host) {
  appendFileSync(process.env.ANC_WATCH_FILE, `${host}\n`);
  return Object.assign(new Error(`connections are refused: ${host}`), { code: 'ECONNREFUSED' });
}

net.Socket.prototype.connect = function connect(...args) {
  const [first] = args.flat(); // Node passes normalized arguments as one array
  const isPath =
    typeof first === 'object' && first !== null && first.path !== undefined && first.host === undefined;
  const host = typeof first === 'object' ? (first?.host ?? first?.path) : (args[1] ?? first);
  process.nextTick(() => this.destroy(refuse(`${isPath ? 'socket ' : ''}${host}`)));
  return this;
};
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  dns[name] = (host, ...rest) => rest.at(-1)(refuse(host));
  dns.promises[name] = (host) => Promise.reject(refuse(host));
}
dgram.Socket.prototype.send = function send(...args) {
  throw refuse(args.find((value) => typeof value === 'string' && /\./.test(value)) ?? 'datagram');
};
syncBuiltinESMExports();
