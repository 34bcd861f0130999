/** Judges an issuer's configuration in the words of Kubernetes, and compiles its expressions (spec kubernetes-api 10.3). */
import type {FieldError} from '../../api/field-error.ts';
import {at, duplicate, forbiddenField, invalidField, invalidValue, required, tooMany} from '../../api/field-error.ts';
import type {AuthenticationConfig, ClaimRule, JwtIssuer, Mapping} from './config.ts';
import {compileExpression, type Expression} from './expressions.ts';
import {extraKeyErrors} from './extra-key.ts';
import {issuerErrors} from './issuer.ts';

export const issuersMax = 64;

export type Condition = {readonly expression: Expression; readonly message: string};

/** An issuer in whose configuration nothing is wrong, with what its expressions were compiled to. */
export type CompiledIssuer = {
  readonly config: JwtIssuer;
  /** Absent where a claim is named instead, or nothing is. */
  readonly username: Expression | undefined;
  readonly groups: Expression | undefined;
  readonly uid: Expression | undefined;
  readonly extra: readonly {readonly key: string; readonly expression: Expression}[];
  readonly claimConditions: readonly Condition[];
  readonly userConditions: readonly Condition[];
};

export type Compiled<T> = {readonly errors: readonly FieldError[]; readonly found: T};

/** `disallowed`: issuers whose tokens are ours to judge. What is found counts only without errors. */
export function compileConfig({jwt, anonymous}: AuthenticationConfig, disallowed: readonly string[]): Compiled<readonly CompiledIssuer[]> {
  if (jwt.length > issuersMax) return {errors: [tooMany('jwt', jwt.length, issuersMax)], found: []};
  const errors: FieldError[] = [];
  const [urls, discoveryUrls] = [new Set<string>(), new Set<string>()];
  const found = jwt.map((one, i) => {
    const path = at('jwt', i);
    const compiled = compileIssuer(one, path, disallowed);
    errors.push(...compiled.errors);
    const {url, discoveryURL} = one.issuer;
    if (urls.has(url)) errors.push(duplicate(at(path, 'issuer', 'url'), url));
    urls.add(url);
    if (discoveryURL !== '' && discoveryUrls.has(discoveryURL)) errors.push(duplicate(at(path, 'issuer', 'discoveryURL'), discoveryURL));
    discoveryUrls.add(discoveryURL);
    return compiled.found;
  });
  if (anonymous && !anonymous.enabled && anonymous.conditions.length > 0)
    errors.push(
      invalidValue(
        'anonymous.conditions',
        anonymous.conditions.map(({path}) => ({path})),
        'enabled should be set to true when conditions are defined',
      ),
    );
  return {errors, found};
}

/** One issuer by itself. */
export function compileIssuer(config: JwtIssuer, path: string, disallowed: readonly string[]): Compiled<CompiledIssuer> {
  const errors: FieldError[] = issuerErrors(config.issuer, at(path, 'issuer'), disallowed);
  const compiler = new Compiler(errors);
  const claimConditions = compiler.claimRules(config.claimValidationRules, at(path, 'claimValidationRules'));
  const mappings = at(path, 'claimMappings');
  const {username, groups, uid} = config.claimMappings;
  const found = {
    config,
    username: compiler.mapping(username, at(mappings, 'username'), true),
    groups: compiler.mapping(groups, at(mappings, 'groups'), false),
    uid: compiler.uid(uid, at(mappings, 'uid')),
    extra: compiler.extra(config.claimMappings.extra, at(mappings, 'extra')),
    claimConditions,
  };
  // Who may choose an address that nobody verified may choose whom to be.
  const verifying = [found.username, ...found.extra.map(each => each.expression), ...claimConditions.map(each => each.expression)];
  if (found.username?.selects('email') && !verifying.some(each => each?.selects('email_verified')))
    errors.push(invalidValue(at(mappings, 'username', 'expression'), username.expression, unverified));
  return {errors, found: {...found, userConditions: compiler.userRules(config.userValidationRules, at(path, 'userValidationRules'))}};
}

const unverified =
  'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
const both = "claim and expression can't both be set";

/** Compiles, and gathers what is wrong. */
class Compiler {
  readonly #errors: FieldError[];

  constructor(errors: FieldError[]) {
    this.#errors = errors;
  }

  claimRules(rules: readonly ClaimRule[], path: string): readonly Condition[] {
    const [claims, expressions] = [new Set<string>(), new Set<string>()];
    return rules.flatMap(({claim, requiredValue, expression, message}, i) => {
      const here = at(path, i);
      if (claim !== '' && expression !== '') this.#errors.push(invalidValue(here, claim, both));
      else if (claim !== '') {
        if (message !== '') this.#errors.push(invalidValue(at(here, 'message'), message, 'may not be specified when claim is set'));
        if (claims.has(claim)) this.#errors.push(duplicate(at(here, 'claim'), claim));
        claims.add(claim);
      } else if (expression === '') this.#errors.push(required(here, 'claim or expression is required'));
      else {
        if (requiredValue !== '')
          this.#errors.push(invalidValue(at(here, 'requiredValue'), requiredValue, 'may not be specified when expression is set'));
        return this.#condition({expression, message}, at(here, 'expression'), 'claims', expressions);
      }
      return [];
    });
  }

  userRules(rules: JwtIssuer['userValidationRules'], path: string): readonly Condition[] {
    const expressions = new Set<string>();
    return rules.flatMap((rule, i) => {
      const here = at(path, i, 'expression');
      if (rule.expression !== '') return this.#condition(rule, here, 'user', expressions);
      this.#errors.push(required(here));
      return [];
    });
  }

  mapping({claim, prefix, expression}: Mapping, path: string, must: boolean): Expression | undefined {
    if (expression !== '' && claim !== '') this.#errors.push(invalidValue(path, '', both));
    else if (expression !== '') {
      if (prefix !== undefined) this.#errors.push(invalidValue(at(path, 'prefix'), prefix, 'may not be specified when expression is set'));
      return this.#compile(expression, at(path, 'expression'), 'claims', 'anything');
    } else if (claim !== '') {
      if (prefix === undefined)
        this.#errors.push(
          required(at(path, 'prefix'), 'prefix is required when claim is set. It can be set to an empty string to disable prefixing'),
        );
    } else if (must) this.#errors.push(required(path, 'claim or expression is required'));
    return undefined;
  }

  uid({claim, prefix, expression}: Mapping, path: string): Expression | undefined {
    if (prefix !== undefined) this.#errors.push(forbiddenField(at(path, 'prefix'), 'a uid has no prefix'));
    if (claim !== '' && expression !== '') this.#errors.push(invalidValue(path, '', both));
    else if (expression !== '') return this.#compile(expression, at(path, 'expression'), 'claims', 'anything');
    return undefined;
  }

  extra(mappings: JwtIssuer['claimMappings']['extra'], path: string): CompiledIssuer['extra'] {
    const keys = new Set<string>();
    return mappings.flatMap(({key, valueExpression}, i) => {
      const here = at(path, i);
      this.#errors.push(...extraKeyErrors(key, at(here, 'key')));
      if (keys.has(key)) this.#errors.push(duplicate(at(here, 'key'), key));
      else if (valueExpression === '') this.#errors.push(required(at(here, 'valueExpression')));
      const fresh = !keys.has(key) && valueExpression !== '';
      keys.add(key);
      const expression = fresh ? this.#compile(valueExpression, at(here, 'valueExpression'), 'claims', 'anything') : undefined;
      return expression ? [{key, expression}] : [];
    });
  }

  #condition(
    {expression: source, message}: {readonly expression: string; readonly message: string},
    path: string,
    about: 'claims' | 'user',
    seen: Set<string>,
  ): readonly Condition[] {
    if (seen.has(source)) this.#errors.push(duplicate(path, source));
    const expression = seen.has(source) ? undefined : this.#compile(source, path, about, 'bool');
    seen.add(source);
    return expression ? [{expression, message}] : [];
  }

  #compile(source: string, path: string, about: 'claims' | 'user', gives: 'bool' | 'anything'): Expression | undefined {
    if (source.length > expressionCharsMax) {
      this.#errors.push(invalidField(path, `must have at most ${expressionCharsMax} characters`));
      return undefined;
    }
    const compiled = compileExpression(source, about, gives);
    if (!('trouble' in compiled)) return compiled;
    this.#errors.push(invalidValue(path, source, compiled.trouble));
    return undefined;
  }
}

/** Whoever writes longer ones means harm. */
const expressionCharsMax = 16 * 1024;
