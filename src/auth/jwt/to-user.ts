/** Claims whose signature was good, made a user (spec kubernetes-api 10.3). Every failure has its reason, for TokenReview and the log. */
import type {Json, JsonObject} from '../../api/json.ts';
import {getKey, isObject} from '../../api/json.ts';
import type {Value} from '../../cel/values.ts';
import type {User} from '../user.ts';
import type {CompiledIssuer, Condition} from './compile.ts';
import {claimsValue, type Expression, ExpressionFailed, TokenMeter, userValue} from './expressions.ts';

export type Mapped = {readonly user: User} | {readonly why: string};

/** Never throws, whatever the claims. */
export function userOf(claims: JsonObject, issuer: CompiledIssuer): Mapped {
  try {
    return {user: new Mapper(claims, issuer).user()};
  } catch (err) {
    if (err instanceof NoUser) return {why: `oidc: ${err.message}`};
    throw err;
  }
}

/** The claims give no user. */
class NoUser extends Error {}

const credentialId = 'authentication.kubernetes.io/credential-id';

class Mapper {
  readonly #claims: JsonObject;
  readonly #issuer: CompiledIssuer;
  readonly #meter = new TokenMeter();
  #value: Value | undefined;

  constructor(claims: JsonObject, issuer: CompiledIssuer) {
    this.#claims = claims;
    this.#issuer = issuer;
  }

  user(): User {
    this.#refuseDistributed();
    const name = this.#name();
    const groups = this.#groups();
    const uid = this.#uid();
    const extra = this.#extra();
    const user = {name, groups, ...(uid !== '' && {uid}), ...(Object.keys(extra).length > 0 && {extra})};
    this.#requiredClaims();
    const {claimConditions, userConditions} = this.#issuer;
    this.#hold(claimConditions, () => this.#claimsValue(), 'error evaluating claim validation expression');
    this.#hold(userConditions, () => userValue(user), 'error evaluating user info validation rule');
    return user;
  }

  /** Groups that are to be fetched from where the token says are not fetched; left out, they could be missed by a rule that forbids. */
  #refuseDistributed(): void {
    const {claim} = this.#issuer.config.claimMappings.groups;
    if (claim === '' || Object.hasOwn(this.#claims, claim)) return;
    const names = getKey(this.#claims, '_claim_names');
    if (isObject(names) && Object.hasOwn(names, claim))
      throw new NoUser('could not expand distributed claims: distributed claims are not supported');
  }

  #name(): string {
    const {username: expression, config} = this.#issuer;
    if (expression) {
      const name = this.#evaluate(expression, 'error evaluating username claim expression');
      if (typeof name !== 'string')
        throw new NoUser('error evaluating username claim expression: username claim expression must return a string');
      if (name === '') throw new NoUser('empty username via CEL expression is not allowed');
      return name;
    }
    const {claim, prefix = ''} = config.claimMappings.username;
    const name = this.#text(claim, `parse username claims ${JSON.stringify(claim)}`);
    if (claim === 'email') this.#emailIsVerified();
    // Kubernetes would take the prefix alone for a name.
    if (name === '') throw new NoUser(`parse username claims ${JSON.stringify(claim)}: claim is empty`);
    return prefix + name;
  }

  #emailIsVerified(): void {
    const verified = getKey(this.#claims, 'email_verified');
    if (verified === undefined || verified === true) return;
    if (typeof verified !== 'boolean' && verified !== null)
      throw new NoUser(`parse 'email_verified' claim: ${cannotUnmarshal(verified, 'bool')}`);
    throw new NoUser('email not verified');
  }

  #groups(): readonly string[] {
    const {claim, prefix = ''} = this.#issuer.config.claimMappings.groups;
    const value = claim === '' ? undefined : getKey(this.#claims, claim);
    if (value !== undefined) {
      const groups = value === null ? [] : Array.isArray(value) ? value : [value];
      const odd = groups.find(each => typeof each !== 'string');
      if (odd !== undefined)
        throw new NoUser(`parse groups claim ${JSON.stringify(claim)}: ${cannotUnmarshal(Array.isArray(value) ? value : odd, 'string')}`);
      return groups.filter(each => typeof each === 'string' && each !== '').map(each => `${prefix}${each as string}`);
    }
    const {groups: expression} = this.#issuer;
    const context = 'error evaluating group claim expression';
    return expression ? textsOf(this.#evaluate(expression, context), context) : [];
  }

  #uid(): string {
    const {uid: expression, config} = this.#issuer;
    const {claim} = config.claimMappings.uid;
    if (claim !== '') return this.#text(claim, `parse uid claim ${JSON.stringify(claim)}`);
    if (!expression) return '';
    const uid = this.#evaluate(expression, 'error evaluating uid claim expression');
    if (typeof uid !== 'string') throw new NoUser('error evaluating uid claim expression: uid claim expression must return a string');
    return uid;
  }

  #extra(): {readonly [key: string]: readonly string[]} {
    const id = getKey(this.#claims, 'jti');
    const found: [string, readonly string[]][] = typeof id === 'string' && id !== '' ? [[credentialId, [`JTI=${id}`]]] : [];
    for (const {key, expression} of this.#issuer.extra) {
      const context = `error evaluating extra claim expression: ${expression.source}`;
      const values = textsOf(this.#evaluate(expression, ''), context);
      if (values.length > 0) found.push([key, values]);
    }
    return Object.fromEntries(found);
  }

  #requiredClaims(): void {
    for (const {claim, requiredValue} of this.#issuer.config.claimValidationRules) {
      if (claim === '') continue;
      const value = getKey(this.#claims, claim);
      if (value === undefined) throw new NoUser(`required claim ${claim} not present in ID token`);
      const text = this.#text(claim, `parse claim ${claim}`);
      if (text !== requiredValue) throw new NoUser(`required claim ${claim} value does not match. Got = ${text}, want = ${requiredValue}`);
    }
  }

  /** All are evaluated before any is judged, as in Kubernetes. */
  #hold(conditions: readonly Condition[], about: () => Value, context: string): void {
    const values = conditions.map(({expression}) => this.#evaluate(expression, context, about()));
    conditions.forEach(({expression, message}, i) => {
      if (values[i] === true) return;
      const why =
        values[i] === false
          ? `validation expression '${expression.source}' failed: ${message}`
          : 'validation expression must return a boolean';
      throw new NoUser(`${context}: ${why}`);
    });
  }

  #evaluate(expression: Expression, context: string, about = this.#claimsValue()): Value {
    try {
      return expression.evaluate(about, this.#meter);
    } catch (err) {
      if (!(err instanceof ExpressionFailed)) throw err;
      throw new NoUser(context === '' ? err.message : `${context}: ${err.message}`);
    }
  }

  #claimsValue(): Value {
    this.#value ??= claimsValue(this.#claims);
    return this.#value;
  }

  #text(claim: string, context: string): string {
    const value = getKey(this.#claims, claim);
    if (value === undefined) throw new NoUser(`${context}: claim not present`);
    if (typeof value === 'string') return value;
    if (value === null) return '';
    throw new NoUser(`${context}: ${cannotUnmarshal(value, 'string')}`);
  }
}

/** A text or a list of texts; empty ones are left out, and null is none. */
function textsOf(value: Value, context: string): readonly string[] {
  const all = value === null ? [] : Array.isArray(value) ? (value as readonly Value[]) : [value];
  if (!all.every(each => typeof each === 'string')) throw new NoUser(`${context}: expression must return a string or a list of strings`);
  return all.filter(each => each !== '');
}

/** How Go says that JSON is of another type. */
function cannotUnmarshal(value: Json, into: 'string' | 'bool'): string {
  const type = Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value;
  return `json: cannot unmarshal ${type === 'bigint' ? 'number' : type} into Go value of type ${into}`;
}
