/** Whose JSON web tokens are believed, and where one may be anonymous: by flags, or by a file that is read again when it changes. */
import {readFileSync, statSync} from 'node:fs';
import {ApiError} from '../api/errors.ts';
import {summary} from '../api/field-error.ts';
import type {Clock, Log, Timers} from '../api/world.ts';
import {type CompiledIssuer, compileConfig} from '../auth/jwt/compile.ts';
import type {AnonymousConfig, AuthenticationConfig, JwtIssuer} from '../auth/jwt/config.ts';
import {readAuthenticationConfig} from '../auth/jwt/config.ts';
import {type IssuedTokens, issuedTokens, signingAlgorithms} from '../auth/jwt/issued-tokens.ts';
import {decodeYaml} from '../wire/yaml.ts';
import type {Config} from './flags.ts';
import {httpsDocuments} from './issuer-documents.ts';
import {readKey} from './json-web-keys.ts';

export type Authentication = {
  readonly issued: IssuedTokens;
  readonly anonymous: AnonymousConfig;
  readonly close: () => void;
};

type AuthenticationFlags = Pick<
  Config,
  | 'anonymousAuth'
  | 'authenticationConfig'
  | 'oidcIssuerUrl'
  | 'oidcClientId'
  | 'oidcUsernameClaim'
  | 'oidcUsernamePrefix'
  | 'oidcGroupsClaim'
  | 'oidcGroupsPrefix'
  | 'oidcRequiredClaim'
  | 'oidcSigningAlgs'
  | 'oidcCaFile'
  | 'serviceAccountIssuer'
>;

/** How often the file is looked at. */
const lookMs = 5_000;
const fileBytesMax = 4 * 1024 * 1024;

/**
 * As it was configured. A file that becomes unfit later is told in the log, and what was believed before goes on.
 * @throws Error with a text for people
 */
export function authenticationOf(flags: AuthenticationFlags, world: Clock & Timers, log: Log): Authentication {
  // Who configures the server may have issuers anywhere.
  const issued = issuedTokens({documents: httpsDocuments({allowPrivate: true}), readKey, clock: world, log});
  const path = flags.authenticationConfig;
  if (path === '') {
    issued.configure(compiled({jwt: legacyIssuer(flags), anonymous: undefined}, flags), flags.oidcSigningAlgs);
    return {issued, anonymous: {enabled: flags.anonymousAuth, conditions: []}, close: () => undefined};
  }
  let text = readText(path);
  const first = readConfig(text);
  const issuers = compiled(first, flags);
  if (first.anonymous && !flags.anonymousAuth)
    throw new Error(
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  issued.configure(issuers, signingAlgorithms);
  const look = (): void => {
    try {
      const now = readText(path);
      if (now === text) return;
      text = now;
      const next = readConfig(now);
      if (JSON.stringify(next.anonymous) !== JSON.stringify(first.anonymous))
        throw new Error('anonymous: Forbidden: changed from initial configuration file');
      issued.configure(compiled(next, flags), signingAlgorithms);
      log.info('the authentication configuration was read again', {issuers: next.jwt.length});
    } catch (err) {
      log.error('the authentication configuration is unfit, and what it was before goes on', {why: (err as Error).message});
    }
  };
  const lookOn = (): (() => void) =>
    world.after(lookMs, () => {
      look();
      callOff = lookOn();
    });
  let callOff = lookOn();
  return {issued, anonymous: first.anonymous ?? {enabled: flags.anonymousAuth, conditions: []}, close: () => callOff()};
}

function readText(path: string): string {
  if (statSync(path).size > fileBytesMax) throw new Error(`${path} is longer than ${fileBytesMax} bytes`);
  return readFileSync(path, 'utf8');
}

function readConfig(text: string): AuthenticationConfig {
  try {
    const {value, duplicates} = decodeYaml(Buffer.from(text));
    if (duplicates.length > 0) throw new Error(`strict decoding error: ${duplicates.join(', ')}`);
    return readAuthenticationConfig(value);
  } catch (err) {
    throw new Error(`--authentication-config: ${err instanceof ApiError ? 'it is neither YAML nor JSON: ' : ''}${(err as Error).message}`);
  }
}

function compiled(config: AuthenticationConfig, {serviceAccountIssuer}: AuthenticationFlags): readonly CompiledIssuer[] {
  const {errors, found} = compileConfig(config, serviceAccountIssuer);
  if (errors.length > 0) throw new Error(summary(errors));
  return found;
}

/** What the flags of former times mean. */
function legacyIssuer(flags: AuthenticationFlags): readonly JwtIssuer[] {
  const {oidcIssuerUrl: url, oidcUsernameClaim: claim, oidcUsernamePrefix: prefix} = flags;
  if (url === '') return [];
  const defaultPrefix = claim === 'email' ? '' : `${url}#`;
  const none = {claim: '', prefix: undefined, expression: ''};
  return [
    {
      issuer: {
        url,
        discoveryURL: '',
        certificateAuthority: flags.oidcCaFile === '' ? '' : readText(flags.oidcCaFile),
        audiences: [flags.oidcClientId],
        audienceMatchPolicy: '',
        egressSelectorType: '',
      },
      claimValidationRules: flags.oidcRequiredClaim.map(pair => {
        const equals = pair.indexOf('=');
        return {claim: pair.slice(0, equals).trim(), requiredValue: pair.slice(equals + 1).trim(), expression: '', message: ''};
      }),
      claimMappings: {
        username: {claim, prefix: prefix === '-' ? '' : prefix || defaultPrefix, expression: ''},
        groups: flags.oidcGroupsClaim === '' ? none : {claim: flags.oidcGroupsClaim, prefix: flags.oidcGroupsPrefix, expression: ''},
        uid: none,
        extra: [],
      },
      userValidationRules: [],
    },
  ];
}
