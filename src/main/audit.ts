/** What `--audit-*` asks for, as the server takes it. */
import {readFileSync} from 'node:fs';
import type {Audit} from '../audit/event.ts';
import {jsonLine, legacyLine} from '../audit/event.ts';
import type {Policy} from '../audit/policy.ts';
import {parsePolicy} from '../audit/policy.ts';
import {decodeYaml} from '../wire/yaml.ts';
import type {LineSink} from './audit-log.ts';
import {auditFile, batched} from './audit-log.ts';
import type {Config} from './flags.ts';
import type {Log} from './log.ts';
import {lineWriter} from './log.ts';
import {realWorld} from './world.ts';

/** Without a policy, or without a path, nothing is recorded, as in Kubernetes. */
export type Auditing = {readonly audit: Audit | undefined; readonly close: () => Promise<void>};

const dayMs = 24 * 3_600_000;
const megabyte = 1024 * 1024;

/** @throws Error with a text for people, for a policy that is none and a file that cannot be written */
export function auditing(config: Config, log: Log): Auditing {
  const {auditPolicyFile, auditLogPath, auditLogMode, auditLogFormat} = config;
  const policy = auditPolicyFile === '' ? undefined : loadPolicy(auditPolicyFile);
  if (!policy || auditLogPath === '') return {audit: undefined, close: async () => {}};
  const sink = sinkOf(config, log);
  const line = auditLogFormat === 'legacy' ? legacyLine : jsonLine;
  const record: Audit['record'] =
    auditLogMode === 'blocking-strict'
      ? event => sink.write(line(event))
      : event => {
          sink.write(line(event));
          return true;
        };
  return {audit: {policy, record}, close: () => sink.close()};
}

function loadPolicy(path: string): Policy {
  try {
    return parsePolicy(decodeYaml(readPolicy(path)).value);
  } catch (err) {
    // Words of the YAML reader come with an introduction for bodies.
    const why = (err as Error).message.replace(/^error converting YAML to JSON: /, 'failed decoding: ');
    throw new Error(`loading audit policy file: ${why}${err instanceof Unreadable ? '' : `: from file ${path}`}`);
  }
}

class Unreadable extends Error {}

function readPolicy(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (err) {
    throw new Unreadable(`failed to read file path ${JSON.stringify(path)}: ${(err as Error).message}`);
  }
}

function sinkOf(config: Config, log: Log): LineSink {
  const {auditLogPath, auditLogMaxsize, auditLogMaxage, auditLogMaxbackup, auditLogCompress} = config;
  const file =
    auditLogPath === '-'
      ? standardOutput()
      : auditFile({
          path: auditLogPath,
          bytesMax: auditLogMaxsize * megabyte,
          backupsMax: auditLogMaxbackup,
          ageMsMax: auditLogMaxage * dayMs,
          compress: auditLogCompress,
          now: realWorld.now,
          log,
        });
  const {auditLogMode, auditLogBatchBufferSize: eventsMax, auditLogBatchMaxWait: waitMs} = config;
  return auditLogMode === 'batch' ? batched(file, {eventsMax, waitMs, timers: realWorld, log}) : file;
}

/** Never waited for: a reader that stops reading would stop the server. */
function standardOutput(): LineSink {
  const writer = lineWriter(process.stdout.fd);
  return {
    write(line) {
      writer.write(line);
      return true;
    },
    close: async () => writer.flush(),
  };
}
