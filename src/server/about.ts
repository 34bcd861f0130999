import type {JsonObject} from '../api/json.ts';
import type {HealthCheck, HealthEndpoint} from './health.ts';

/** What the server can tell about itself. */
export type About = {
  /** `/version` (spec kubernetes-api 7.5). */
  readonly version: JsonObject;
  /** The host and port that clients reach it by. */
  readonly address: () => string;
  readonly health: {readonly [endpoint in HealthEndpoint]: readonly HealthCheck[]};
  /** Prometheus' text. */
  readonly metrics: () => string;
};
