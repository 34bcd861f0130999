import type {WorkspaceId} from '../api/cluster.ts';
import type {Allowed} from '../auth/authorize.ts';
import type {Resource} from '../registry/resource.ts';
import type {Representation} from '../wire/negotiate.ts';
import type {Call, ResourceCall} from './call.ts';
import type {Deps} from './deps.ts';
import type {Notes} from './notes.ts';
import type {Asked} from './open-watches.ts';

/** A request on a resource that exists and that the user may make: what every verb works with. */
export type Exchange = {
  readonly deps: Deps;
  readonly call: Call;
  readonly what: ResourceCall;
  /** The proof that it was authorized. */
  readonly allowed: Allowed;
  readonly asked: Asked;
  readonly workspace: WorkspaceId | '*';
  readonly resource: Resource;
  /** How the answer is to look. */
  readonly as: Representation;
  readonly startedMs: number;
  /** Texts for Warning headers, gathered on the way. */
  readonly warnings: string[];
  /** Where to note what the audit log is to tell; absent where this request leaves nothing there. */
  readonly trail?: Notes | undefined;
};

/** The same within one workspace: all verbs but list and watch. */
export type InWorkspace = Exchange & {readonly workspace: WorkspaceId};
/** The same for one named object. */
export type Named = InWorkspace & {readonly what: ResourceCall & {readonly name: string}};

/** What an answer with an object is made of. */
export type Answering = Pick<Exchange, 'deps' | 'call' | 'resource' | 'as' | 'warnings'>;
