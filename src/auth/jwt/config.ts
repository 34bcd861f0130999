/** Whose tokens are believed, as it is configured: `jwt` of AuthenticationConfiguration (spec kubernetes-api 10.3) and of WorkspaceAuthenticationConfiguration. */
import type {Json, JsonObject} from '../../api/json.ts';
import {isObject} from '../../api/json.ts';

/** Absent texts are empty, as in Kubernetes; only of a prefix the difference counts. */
export type JwtIssuer = {
  readonly issuer: {
    readonly url: string;
    /** Where the discovery document is, when not below `url`. */
    readonly discoveryURL: string;
    /** PEM; those of the system when empty. */
    readonly certificateAuthority: string;
    readonly audiences: readonly string[];
    readonly audienceMatchPolicy: string;
    readonly egressSelectorType: string;
  };
  readonly claimValidationRules: readonly ClaimRule[];
  readonly claimMappings: {
    readonly username: Mapping;
    readonly groups: Mapping;
    readonly uid: Mapping;
    readonly extra: readonly {readonly key: string; readonly valueExpression: string}[];
  };
  readonly userValidationRules: readonly {readonly expression: string; readonly message: string}[];
};

export type ClaimRule = {readonly claim: string; readonly requiredValue: string; readonly expression: string; readonly message: string};
export type Mapping = {readonly claim: string; readonly prefix: string | undefined; readonly expression: string};

export type AnonymousConfig = {
  readonly enabled: boolean;
  /** Without any, everywhere. */
  readonly conditions: readonly {readonly path: string}[];
};

export type AuthenticationConfig = {readonly jwt: readonly JwtIssuer[]; readonly anonymous: AnonymousConfig | undefined};

/** The configuration is not of the form it must have. The message is for people. */
export class MalformedConfig extends Error {}

const group = 'apiserver.config.k8s.io';
const versions = ['v1', 'v1beta1'];

/** Reads an AuthenticationConfiguration as strictly as Kubernetes: no field that it does not know. @throws MalformedConfig */
export function readAuthenticationConfig(value: Json): AuthenticationConfig {
  const top = new Fields(value, '');
  const [apiVersion, kind] = [top.text('apiVersion'), top.text('kind')];
  if (kind !== 'AuthenticationConfiguration' || !versions.some(version => apiVersion === `${group}/${version}`))
    throw new MalformedConfig(
      `expected an AuthenticationConfiguration of ${versions.map(version => `${group}/${version}`).join(' or ')}, got kind "${kind}" of "${apiVersion}"`,
    );
  const jwt = top.list('jwt').map(readIssuer);
  const anonymous = top.optional('anonymous');
  const found = anonymous && {
    enabled: anonymous.flag('enabled'),
    conditions: anonymous.list('conditions').map(each => each.only({path: each.text('path')})),
  };
  anonymous?.end();
  return top.only({jwt, anonymous: found});
}

/** Reads a list of issuers that was stored; what has the wrong type there is an error of whoever stored it. @throws MalformedConfig */
export const readJwtIssuers = (jwt: Json | undefined): readonly JwtIssuer[] => new Fields({jwt: jwt ?? []}, '').list('jwt').map(readIssuer);

function readIssuer(entry: Fields): JwtIssuer {
  const issuer = entry.object('issuer');
  const mappings = entry.object('claimMappings');
  return entry.only({
    issuer: issuer.only({
      url: issuer.text('url'),
      discoveryURL: issuer.text('discoveryURL'),
      certificateAuthority: issuer.text('certificateAuthority'),
      audiences: issuer.texts('audiences'),
      audienceMatchPolicy: issuer.text('audienceMatchPolicy'),
      egressSelectorType: issuer.text('egressSelectorType'),
    }),
    claimValidationRules: entry.list('claimValidationRules').map(rule =>
      rule.only({
        claim: rule.text('claim'),
        requiredValue: rule.text('requiredValue'),
        expression: rule.text('expression'),
        message: rule.text('message'),
      }),
    ),
    claimMappings: mappings.only({
      username: readMapping(mappings.object('username')),
      groups: readMapping(mappings.object('groups')),
      uid: readMapping(mappings.object('uid')),
      extra: mappings.list('extra').map(each => each.only({key: each.text('key'), valueExpression: each.text('valueExpression')})),
    }),
    userValidationRules: entry
      .list('userValidationRules')
      .map(rule => rule.only({expression: rule.text('expression'), message: rule.text('message')})),
  });
}

const readMapping = (mapping: Fields): Mapping =>
  mapping.only({claim: mapping.text('claim'), prefix: mapping.maybeText('prefix'), expression: mapping.text('expression')});

/** The fields of one object, taken one by one; what is left over in the end is unknown. null is as good as absent. */
class Fields {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #taken = new Set<string>();

  constructor(value: Json, path: string) {
    if (!isObject(value)) throw new MalformedConfig(`${path || 'the configuration'} must be an object`);
    this.#object = value;
    this.#path = path;
  }

  text(name: string): string {
    return this.maybeText(name) ?? '';
  }

  maybeText(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'string') return value;
    throw new MalformedConfig(`${this.#at(name)} must be a string`);
  }

  flag(name: string): boolean {
    const value = this.#take(name) ?? false;
    if (typeof value === 'boolean') return value;
    throw new MalformedConfig(`${this.#at(name)} must be true or false`);
  }

  texts(name: string): readonly string[] {
    const value = this.#take(name) ?? [];
    if (Array.isArray(value) && value.every(each => typeof each === 'string')) return value;
    throw new MalformedConfig(`${this.#at(name)} must be a list of strings`);
  }

  list(name: string): readonly Fields[] {
    const value = this.#take(name) ?? [];
    if (!Array.isArray(value)) throw new MalformedConfig(`${this.#at(name)} must be a list`);
    return value.map((each, i) => new Fields(each, `${this.#at(name)}[${i}]`));
  }

  object(name: string): Fields {
    return new Fields(this.#take(name) ?? {}, this.#at(name));
  }

  optional(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new Fields(value, this.#at(name));
  }

  /** What was read, once nothing else is there. */
  only<T>(read: T): T {
    this.end();
    return read;
  }

  end(): void {
    const unknown = Object.keys(this.#object).find(name => !this.#taken.has(name));
    if (unknown !== undefined) throw new MalformedConfig(`strict decoding error: unknown field "${this.#at(unknown)}"`);
  }

  #take(name: string): Json | undefined {
    this.#taken.add(name);
    return (Object.hasOwn(this.#object, name) ? this.#object[name] : undefined) ?? undefined;
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}
