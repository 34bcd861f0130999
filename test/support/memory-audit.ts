import type {JsonObject} from '../../src/api/json.ts';
import type {Audit} from '../../src/audit/event.ts';
import {jsonLine} from '../../src/audit/event.ts';
import {parsePolicy} from '../../src/audit/policy.ts';
import type {Found} from './api-client.ts';

/** One event. */
export type Line = {readonly [field: string]: Found};

/** An audit log in memory. */
export function memoryAudit(...rules: JsonObject[]): {
  readonly audit: Audit;
  readonly take: () => Line[];
  text: () => string;
  full: boolean;
} {
  let text = '';
  const log = {
    audit: {
      policy: parsePolicy({apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules}),
      record: event => {
        if (log.full) return false;
        text += jsonLine(event);
        return true;
      },
    } as Audit,
    full: false,
    text: () => text,
    take(): Line[] {
      const lines = text.split('\n').slice(0, -1);
      text = '';
      return lines.map(line => JSON.parse(line) as Line);
    },
  };
  return log;
}
