/**
 * A peer that answers every request with the same prepared frames, to find out how much load there can be. Prints its port.
 * `node bench/responder.ts certificate key`
 */
import {readFileSync} from 'node:fs';
import type {AddressInfo} from 'node:net';
import {createServer} from 'node:tls';
import {configMap} from './objects.ts';
import {frameHead} from './session.ts';

const [certificate, key] = process.argv.slice(2) as [string, string];
const prefaceBytes = 24;
const headBytes = 9;
const body = Buffer.from(configMap('object', 1));
/** Status 200 and nothing else. */
const headers = Buffer.from([0x88]);
const window = Buffer.alloc(4);
const [dataType, headersType, settingsType, windowType, endStream, endHeaders] = [0, 1, 4, 8, 1, 4];

const server = createServer({cert: readFileSync(certificate), key: readFileSync(key), ALPNProtocols: ['h2']}, socket => {
  let rest: Buffer = Buffer.alloc(0);
  let begun = false;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    const out: Uint8Array[] = [];
    if (!begun) {
      if (rest.length < prefaceBytes) return;
      rest = rest.subarray(prefaceBytes);
      begun = true;
      out.push(frameHead(0, settingsType, 0, 0));
    }
    let received = 0;
    while (rest.length >= headBytes) {
      const length = headBytes + rest.readUIntBE(0, 3);
      if (rest.length < length) break;
      const [type, flags, stream] = [rest[3], rest[4]!, rest.readUInt32BE(5)];
      rest = rest.subarray(length);
      if (type === dataType) received += length - headBytes;
      if ((type !== dataType && type !== headersType) || !(flags & endStream)) continue;
      out.push(frameHead(1, headersType, endHeaders, stream), headers, frameHead(body.length, dataType, endStream, stream), body);
    }
    if (received > 0) {
      window.writeUInt32BE(received);
      out.push(frameHead(4, windowType, 0, 0), Buffer.from(window));
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
  });
});
server.listen(0, '127.0.0.1', () => void process.stdout.write(`${(server.address() as AddressInfo).port}`));
