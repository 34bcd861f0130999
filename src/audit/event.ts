import type {Status} from '../api/errors.ts';
import type {Json} from '../api/json.ts';
import {stringify} from '../api/json.ts';
import type {Level, Policy, Stage} from './policy.ts';
import type {Asked} from './verdict.ts';

/** What is recorded, and where to. */
export type Audit = {
  readonly policy: Policy;
  /** Keeps an event before it returns, or sees to it; false when nothing may be done that could not be recorded. */
  readonly record: (event: Event) => boolean;
};

/** One record of a request at one of its stages (spec kubernetes-api 10.7). */
export type Event = {
  readonly level: Level;
  readonly auditId: string;
  readonly stage: Stage;
  /** As it was sent, behind the workspace. */
  readonly requestUri: string;
  readonly verb: string;
  /** Absent when nobody could be identified. */
  readonly user: UserInfo | undefined;
  /** As whom that user acts, where they act as somebody else. */
  readonly impersonated: UserInfo | undefined;
  readonly sourceIps: readonly string[];
  readonly userAgent: string;
  readonly object: ObjectReference | undefined;
  readonly response: ResponseStatus | undefined;
  /** What was sent and what was answered, as texts of JSON in one line; absent where the level does not ask for them. */
  readonly requestObject: string | undefined;
  readonly responseObject: string | undefined;
  readonly receivedMs: number;
  readonly stageMs: number;
  readonly annotations: ReadonlyMap<string, string>;
};

export type UserInfo = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: {readonly [key: string]: readonly string[]};
};

/** What the request is about; of the object that was sent with it, where the path does not say. */
export type ObjectReference = Asked & {readonly uid?: string; readonly resourceVersion?: string};

/** The code, and the rest where the answer was a Status. */
export type ResponseStatus = Pick<Status, 'code'> & Partial<Pick<Status, 'status' | 'message' | 'reason' | 'details'>>;

const userAgentCharsMax = 1024;

/** An event as a line of JSON, its fields in the order in which Kubernetes writes them. */
export function jsonLine(event: Event): string {
  const {level, auditId, stage, requestUri, verb, user, impersonated, sourceIps, userAgent, object, response} = event;
  const head = stringify(
    pruned({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level,
      auditID: auditId,
      stage,
      requestURI: requestUri,
      verb,
      user: user ? userJson(user) : {},
      impersonatedUser: impersonated && userJson(impersonated),
      sourceIPs: sourceIps.length > 0 && [...sourceIps],
      userAgent: userAgent.length > userAgentCharsMax ? `${userAgent.slice(0, userAgentCharsMax)}...TRUNCATED` : userAgent,
      objectRef: object && referenceJson(object),
      responseStatus: response && responseJson(response),
    }),
  );
  const tail = stringify(
    pruned({
      requestReceivedTimestamp: microTime(event.receivedMs),
      stageTimestamp: microTime(event.stageMs),
      annotations: event.annotations.size > 0 && sorted(event.annotations),
    }),
  );
  const sent = event.requestObject === undefined ? '' : `,"requestObject":${event.requestObject}`;
  const answered = event.responseObject === undefined ? '' : `,"responseObject":${event.responseObject}`;
  return `${head.slice(0, -1)}${sent}${answered},${tail.slice(1)}\n`;
}

/** The older form: a line of text that tells less. */
export function legacyLine(event: Event): string {
  const {auditId, stage, verb, user, impersonated, sourceIps, userAgent, object, requestUri, response} = event;
  const quoted = (text: string): string => JSON.stringify(text);
  const groups = user && user.groups.length > 0 ? user.groups.map(quoted).join(',') : '<none>';
  const fields = [
    `id=${quoted(auditId)}`,
    `stage=${quoted(stage)}`,
    `ip=${quoted(sourceIps[0] ?? '<unknown>')}`,
    `method=${quoted(verb)}`,
    `user=${quoted(user?.name ?? '<none>')}`,
    `groups=${quoted(groups)}`,
    `as=${quoted(impersonated?.name ?? '<self>')}`,
    `asgroups=${quoted(impersonated && impersonated.groups.length > 0 ? impersonated.groups.map(quoted).join(',') : '<lookup>')}`,
    `user-agent=${quoted(userAgent)}`,
    `namespace=${quoted(object?.namespace || '<none>')}`,
    `uri=${quoted(requestUri)}`,
    `response=${quoted(response ? String(response.code) : '<deferred>')}`,
  ];
  return `${new Date(event.receivedMs).toISOString()} AUDIT: ${fields.join(' ')}\n`;
}

/** Milliseconds, written as if we knew microseconds. */
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

const userJson = ({name, uid, groups, extra}: UserInfo): Json =>
  pruned({
    username: name,
    uid,
    groups: groups.length > 0 && [...groups],
    extra: extra && Object.keys(extra).length > 0 && sorted(Object.entries(extra).map(([key, values]) => [key, [...values]])),
  });

const referenceJson = ({plural, namespace, name, uid, group, version, resourceVersion, subresource}: ObjectReference): Json =>
  pruned({resource: plural, namespace, name, uid, apiGroup: group, apiVersion: version, resourceVersion, subresource});

const responseJson = ({status, message, reason, details, code}: ResponseStatus): Json =>
  pruned({metadata: {}, status, message, reason, details: details as Json | undefined, code});

/** Without what is absent or empty. */
function pruned(fields: {readonly [key: string]: Json | undefined}): Json {
  const kept: {[key: string]: Json} = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && value !== '' && value !== false) kept[key] = value;
  }
  return kept;
}

const sorted = (entries: Iterable<readonly [string, Json]>): Json =>
  Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
