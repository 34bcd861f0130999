import type {CallExpr, Expr, FoldExpr, ListExpr, MapExpr, MessageExpr, SelectExpr} from './ast.ts';
import {qualifiedName} from './ast.ts';
import type {Overload} from './functions.ts';
import type {Issue} from './issue.ts';
import {literalIssue} from './literal-arguments.ts';
import type {Environment, Variable} from './scope.ts';
import {Scope} from './scope.ts';
import type {Type} from './types.ts';
import {
  bool,
  bytes,
  double,
  duration,
  dyn,
  int,
  listOf,
  mapOf,
  nullType,
  optionalName,
  optionalOf,
  showType,
  string,
  timestamp,
  typeOf,
  uint,
} from './types.ts';
import {assignable, Bindings, deref, settle, substitute} from './unify.ts';

/** What a name in an expression stands for. */
export type Reference =
  | {readonly kind: 'variable'; readonly variable: Variable}
  | {readonly kind: 'type'; readonly name: string}
  | {readonly kind: 'function'; readonly overloads: readonly Overload[]; readonly args: readonly Expr[]};

type FoldVariables = {readonly item: Variable; readonly second: Variable | undefined; readonly accumulator: Variable};

/** What the checker found out about the nodes of an expression. */
export type Checked = {
  readonly issues: readonly Issue[];
  /** The variables of the environment that the expression uses. */
  readonly uses: ReadonlySet<string>;
  /** Slots that a frame needs; the variables of the environment have the first, in their order. */
  readonly slots: number;
  readonly type: (expr: Expr) => Type;
  readonly reference: (expr: Expr) => Reference | undefined;
  readonly folds: ReadonlyMap<FoldExpr, FoldVariables>;
};

/** Checks the types of a parsed expression and resolves its names. Never throws: what is wrong is among the issues. */
export function check(expr: Expr, environment: Environment): Checked {
  const scope = new Scope();
  for (const [name, type] of environment.variables) scope.declare(name, type);
  const checker = new Checker(environment);
  checker.check(expr, scope);
  const {bindings, types, references, folds, issues, uses} = checker;
  return {
    issues,
    uses,
    slots: scope.slots,
    type: node => settle(bindings, types.get(node) ?? dyn),
    reference: node => references.get(node),
    folds,
  };
}

const typeNames: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['bool', bool],
  ['int', int],
  ['uint', uint],
  ['double', double],
  ['string', string],
  ['bytes', bytes],
  ['list', listOf(dyn)],
  ['map', mapOf(dyn, dyn)],
  ['null_type', nullType],
  ['type', typeOf(dyn)],
  ['optional_type', optionalOf(dyn)],
  ['google.protobuf.Timestamp', timestamp],
  ['google.protobuf.Duration', duration],
]);

class Checker {
  readonly issues: Issue[] = [];
  readonly uses = new Set<string>();
  readonly types = new Map<Expr, Type>();
  readonly references = new Map<Expr, Reference>();
  readonly folds = new Map<FoldExpr, FoldVariables>();
  readonly bindings = new Bindings();
  readonly #environment: Environment;
  #params = 0;
  /** Calls of `format` around what is checked. */
  #formats = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  check(expr: Expr, scope: Scope): Type {
    const type = this.#infer(expr, scope);
    this.types.set(expr, type);
    return type;
  }

  #infer(expr: Expr, scope: Scope): Type {
    switch (expr.kind) {
      case 'literal':
        return {kind: expr.literal.type};
      case 'ident':
        return this.#name(expr, expr.name, scope) ?? this.#undeclared(expr.at, expr.name);
      case 'select':
        return this.#select(expr, scope);
      case 'call':
        return this.#call(expr, scope);
      case 'list':
        return this.#list(expr, scope);
      case 'map':
        return this.#map(expr, scope);
      case 'message':
        return this.#message(expr, scope);
      case 'fold':
        return this.#fold(expr, scope);
    }
  }

  #say(at: number, message: string): Type {
    this.issues.push({at, message});
    return dyn;
  }

  #undeclared(at: number, name: string): Type {
    return this.#say(at, `undeclared reference to '${name}' (in container '')`);
  }

  /** A variable, or the name of a type. */
  #name(expr: Expr, name: string, scope: Scope): Type | undefined {
    const variable = scope.find(name);
    if (variable) {
      this.references.set(expr, {kind: 'variable', variable});
      if (variable.slot < this.#environment.variables.size) this.uses.add(name);
      return variable.type;
    }
    const type = typeNames.get(name);
    if (!type) return undefined;
    this.references.set(expr, {kind: 'type', name});
    return typeOf(type);
  }

  #select(expr: SelectExpr, scope: Scope): Type {
    const qualified = expr.mode === 'value' ? qualifiedName(expr) : undefined;
    // A variable may have a dotted name, which goes before the field of another one.
    if (qualified !== undefined && (scope.find(qualified) || !scope.find(qualified.slice(0, qualified.indexOf('.'))))) {
      const named = this.#name(expr, qualified, scope);
      if (named) return named;
    }
    const operand = deref(this.bindings, this.check(expr.operand, scope));
    const inside = operand.kind === 'opaque' && operand.name === optionalName ? deref(this.bindings, operand.params[0]!) : undefined;
    const field = this.#field(expr, inside ?? operand);
    if (expr.mode === 'test') return bool;
    return expr.mode === 'optional' || inside ? optionalOf(field) : field;
  }

  #field(expr: SelectExpr, operand: Type): Type {
    switch (operand.kind) {
      case 'map':
        return operand.value;
      case 'object':
        return operand.fields.get(expr.field)?.type ?? this.#say(expr.at, `undefined field '${expr.field}'`);
      case 'dyn':
        return dyn;
      case 'param':
        this.bindings.set(operand.name, dyn);
        return dyn;
      default:
        return this.#say(expr.at, `type '${showType(settle(this.bindings, operand))}' does not support field selection`);
    }
  }

  #call(expr: CallExpr, scope: Scope): Type {
    const {functions} = this.#environment;
    const namespace = expr.target && qualifiedName(expr.target);
    const qualified = namespace === undefined ? undefined : `${namespace}.${expr.name}`;
    if (qualified !== undefined && functions.has(qualified) && !scope.find(namespace!.split('.', 1)[0]!)) {
      return this.#resolve(expr, qualified, expr.args, false, scope);
    }
    if (!functions.has(expr.name)) {
      for (const arg of [...(expr.target ? [expr.target] : []), ...expr.args]) this.check(arg, scope);
      return this.#undeclared(expr.at, expr.name);
    }
    return expr.target
      ? this.#resolve(expr, expr.name, [expr.target, ...expr.args], true, scope)
      : this.#resolve(expr, expr.name, expr.args, false, scope);
  }

  /** Finds the overloads that the types of the arguments allow. With `dyn` among them there may be several. */
  #resolve(expr: CallExpr, name: string, args: readonly Expr[], member: boolean, scope: Scope): Type {
    if (name === 'format') this.#formats++;
    const types = args.map(arg => this.check(arg, scope));
    if (name === 'format') this.#formats--;
    const fitting: Overload[] = [];
    let result: Type | undefined;
    for (const overload of this.#environment.functions.get(name) ?? []) {
      if (overload.member !== member || overload.params.length !== types.length) continue;
      const fresh = this.#instantiate([...overload.params, overload.result]);
      if (!this.bindings.attempt(() => types.every((type, i) => assignable(this.bindings, type, fresh[i]!)))) continue;
      fitting.push(overload);
      const own = substitute(this.bindings, fresh.at(-1)!, param => param);
      result = result === undefined || same(result, own) ? own : dyn;
    }
    if (!result) return this.#say(expr.at, `found no matching overload for '${name}' applied to '${this.#shape(types, member)}'`);
    this.references.set(expr, {kind: 'function', overloads: fitting, args});
    const issue = literalIssue(name, expr);
    if (issue) this.issues.push(issue);
    return result;
  }

  #shape(types: readonly Type[], member: boolean): string {
    const shown = types.map(type => showType(settle(this.bindings, type)));
    return member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
  }

  /** The types with their parameters renamed, so that they are this call's own. */
  #instantiate(types: readonly Type[]): Type[] {
    const names = new Map<string, Type>();
    const own = new Bindings();
    return types.map(type =>
      substitute(own, type, ({name}) => {
        const known = names.get(name) ?? this.#fresh();
        names.set(name, known);
        return known;
      }),
    );
  }

  #fresh(): Type {
    return {kind: 'param', name: `_var${this.#params++}`};
  }

  #list(expr: ListExpr, scope: Scope): Type {
    let item: Type | undefined;
    for (const each of expr.items) item = this.#join(item, this.#item(each.value, each.optional, scope), each.value.at);
    return listOf(item ?? this.#fresh());
  }

  #map(expr: MapExpr, scope: Scope): Type {
    let key: Type | undefined;
    let value: Type | undefined;
    for (const entry of expr.entries) {
      key = this.#join(key, this.check(entry.key, scope), entry.key.at);
      value = this.#join(value, this.#item(entry.value, entry.optional, scope), entry.value.at);
    }
    // Keys are of simple types. Anything else fails when evaluated, and must not make types grow twofold with each level.
    return mapOf(key && keyKinds.has(key.kind) ? key : dyn, value ?? this.#fresh());
  }

  #message(expr: MessageExpr, scope: Scope): Type {
    const message = this.#environment.messages?.(expr.name);
    for (const field of expr.fields) {
      const found = this.#item(field.value, field.optional, scope);
      const wanted = message?.field(field.name);
      if (!message || (wanted && this.bindings.attempt(() => assignable(this.bindings, found, wanted)))) continue;
      const [want, have] = [wanted ? showType(wanted) : '', showType(settle(this.bindings, found))];
      this.#say(field.at, `expected type of field '${field.name}' is '${want}' but provided type is '${have}'`);
    }
    return message?.type ?? this.#undeclared(expr.at, expr.name);
  }

  #item(expr: Expr, optional: boolean, scope: Scope): Type {
    const type = this.check(expr, scope);
    if (!optional) return type;
    const item = this.#fresh();
    this.#expect(type, optionalOf(item), expr.at);
    return substitute(this.bindings, item, param => param);
  }

  /** All items of a literal have one type, as Kubernetes wants it; only what is to be formatted may mix them. */
  #join(known: Type | undefined, type: Type, at: number): Type {
    if (!known) return type;
    if (this.#formats > 0 && !this.bindings.attempt(() => assignable(this.bindings, type, known))) return dyn;
    this.#expect(type, known, at);
    return deref(this.bindings, type).kind === 'dyn' ? dyn : known;
  }

  #expect(found: Type, wanted: Type, at: number): void {
    if (this.bindings.attempt(() => assignable(this.bindings, found, wanted))) return;
    const [want, have] = [wanted, found].map(type => showType(settle(this.bindings, type)));
    this.#say(at, `expected type '${want}' but found '${have}'`);
  }

  #fold(expr: FoldExpr, scope: Scope): Type {
    const range = deref(this.bindings, this.check(expr.range, scope));
    const [first, second] = this.#items(expr, range);
    const init = this.check(expr.init, scope);
    const outer = new Scope(scope);
    const accumulator = outer.declare(expr.accumulator, init);
    const inner = new Scope(outer);
    const item = inner.declare(expr.item, first);
    const other = expr.second === undefined ? undefined : inner.declare(expr.second, second);
    this.folds.set(expr, {item, second: other, accumulator});
    this.#expect(this.check(expr.condition, inner), bool, expr.condition.at);
    this.#expect(this.check(expr.step, inner), init, expr.step.at);
    return this.check(expr.result, outer);
  }

  #items(expr: FoldExpr, range: Type): readonly [Type, Type] {
    const pair = expr.second !== undefined;
    switch (range.kind) {
      case 'list':
        return [pair ? int : range.item, range.item];
      case 'map':
        return [range.key, range.value];
      case 'param':
        this.bindings.set(range.name, dyn);
        return [dyn, dyn];
      case 'dyn':
        return [dyn, dyn];
      default: {
        const shown = showType(settle(this.bindings, range));
        const found = this.#say(
          expr.range.at,
          `expression of type '${shown}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return [found, found];
      }
    }
  }
}

const keyKinds: ReadonlySet<Type['kind']> = new Set(['bool', 'int', 'uint', 'string']);

const same = (a: Type, b: Type): boolean => a === b || showType(a) === showType(b);
