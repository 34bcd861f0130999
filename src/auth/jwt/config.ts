/** Whose tokens are believed, as it is configured: `jwt` of AuthenticationConfiguration (spec kubernetes-api 10.3) and of WorkspaceAuthenticationConfiguration. */
import {ConfigFields, MalformedConfig} from '../../api/config-fields.ts';
import type {Json} from '../../api/json.ts';

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

const group = 'apiserver.config.k8s.io';
const versions = ['v1', 'v1beta1'];

/** Reads an AuthenticationConfiguration as strictly as Kubernetes: no field that it does not know. @throws MalformedConfig */
export function readAuthenticationConfig(value: Json): AuthenticationConfig {
  const top = new ConfigFields(value, '');
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
export const readJwtIssuers = (jwt: Json | undefined): readonly JwtIssuer[] =>
  new ConfigFields({jwt: jwt ?? []}, '').list('jwt').map(readIssuer);

function readIssuer(entry: ConfigFields): JwtIssuer {
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

const readMapping = (mapping: ConfigFields): Mapping =>
  mapping.only({claim: mapping.text('claim'), prefix: mapping.maybeText('prefix'), expression: mapping.text('expression')});
