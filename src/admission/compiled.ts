/** The expressions of webhooks and policies, compiled once for all who use the same. */
import type {AdmissionScope} from '../cel/admission.ts';
import {compileAdmission, variableField} from '../cel/admission.ts';
import type {Malformed, Program} from '../cel/program.ts';
import type {Field} from '../cel/types.ts';
import {dyn} from '../cel/types.ts';
import {BoundedCache} from '../registry/bounded-cache.ts';
import {contentHash} from '../registry/content-hash.ts';
import type {NamedExpression} from './named-expressions.ts';
import type {Expressions, Mutation, Validation} from './policies.ts';

export const compiledLimits = {
  /** Characters of the expressions that are kept compiled. */
  keptCharsMax: 2 * 1024 * 1024,
  /** What an expression counts for at least. */
  overheadChars: 256,
  /** Characters of expressions that are compiled before others get their turn. */
  atOnceCharsMax: 2_048,
  /** A longer expression is for a thread that nobody waits for. */
  lightCharsMax: 4_096,
} as const;

export type Compiled = {readonly source: string; readonly program: Program | Malformed};
export type CompiledNamed = Compiled & Pick<NamedExpression, 'name'>;
export type CompiledValidation = Compiled & Pick<Validation, 'message' | 'reason'> & {readonly messageBy: Program | undefined};
export type CompiledMutation = Compiled & Pick<Mutation, 'patchType'>;

export type CompiledExpressions = {
  readonly conditions: readonly Compiled[];
  readonly variables: readonly CompiledNamed[];
  readonly validations: readonly CompiledValidation[];
  readonly mutations: readonly CompiledMutation[];
  readonly notes: readonly CompiledNamed[];
};

/** How to go about it without holding anybody up. `tooLong` gives up an expression that would; absent where nobody waits. */
export type Manners = {readonly turn: () => Promise<void>; readonly tooLong?: (() => never) | undefined};

type Kept = {readonly compiled: CompiledExpressions; readonly chars: number};
const kept = new BoundedCache<string, Kept>(compiledLimits.keptCharsMax, ({chars}) => chars);
const hashes = new WeakMap<Expressions, string>();

/** All expressions of a policy. Kept by what they say, so that equal policies of many workspaces are one. */
export async function compileExpressions(expressions: Expressions, manners: Manners): Promise<CompiledExpressions> {
  let hash = hashes.get(expressions);
  if (hash === undefined) {
    hash = contentHash(JSON.stringify(expressions));
    hashes.set(expressions, hash);
  }
  const known = kept.get(hash);
  if (known) return known.compiled;
  const work = new Work(manners);
  const compiled = await compileAll(expressions, work);
  kept.set(hash, {compiled, chars: work.chars});
  return compiled;
}

/** The conditions of a webhook. */
export const compileConditions = async (conditions: readonly NamedExpression[], manners: Manners): Promise<readonly Compiled[]> =>
  (await compileExpressions(ofConditions(conditions), manners)).conditions;

const asExpressions = new WeakMap<readonly NamedExpression[], Expressions>();

function ofConditions(conditions: readonly NamedExpression[]): Expressions {
  let expressions = asExpressions.get(conditions);
  if (!expressions) {
    expressions = {params: false, conditions, variables: [], validations: [], mutations: [], notes: []};
    asExpressions.set(conditions, expressions);
  }
  return expressions;
}

async function compileAll(expressions: Expressions, work: Work): Promise<CompiledExpressions> {
  const plain: AdmissionScope = {params: expressions.params, authorizer: true};
  const fields = new Map<string, Field>();
  const conditions = await work.each(expressions.conditions, ({source}) => work.compile(source, plain));
  const variables = await work.each(expressions.variables, async variable => {
    const compiled = await work.compile(variable.source, {...plain, variables: fields});
    fields.set(variable.name, variableField(variable.name, compiled.program.ok ? compiled.program.type : dyn));
    return {...compiled, name: variable.name};
  });
  const scope: AdmissionScope = {...plain, ...(fields.size > 0 && {variables: fields})};
  return {
    conditions,
    variables,
    validations: await work.each(expressions.validations, async ({source, message, messageSource, reason}) => {
      const by = messageSource === '' ? undefined : await work.compile(messageSource, {...scope, authorizer: false});
      return {...(await work.compile(source, scope)), message, reason, messageBy: by?.program.ok ? by.program : undefined};
    }),
    mutations: await work.each(expressions.mutations, async ({source, patchType}) => ({
      ...(await work.compile(source, {...scope, patches: true})),
      patchType,
    })),
    notes: await work.each(expressions.notes, async ({name, source}) => ({...(await work.compile(source, scope)), name})),
  };
}

class Work {
  chars = 0;
  #sinceTurn = 0;
  readonly #manners: Manners;

  constructor(manners: Manners) {
    this.#manners = manners;
  }

  async each<T, R>(items: readonly T[], step: (item: T) => Promise<R>): Promise<R[]> {
    const done: R[] = [];
    for (const item of items) done.push(await step(item));
    return done;
  }

  async compile(source: string, scope: AdmissionScope): Promise<Compiled> {
    if (source.length > compiledLimits.lightCharsMax) this.#manners.tooLong?.();
    if (this.#sinceTurn + source.length > compiledLimits.atOnceCharsMax) {
      await this.#manners.turn();
      this.#sinceTurn = 0;
    }
    this.#sinceTurn += source.length;
    this.chars += source.length + compiledLimits.overheadChars;
    return {source, program: compileAdmission(source, scope)};
  }
}
