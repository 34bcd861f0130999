import type {JsonSchema, ValidationRule} from '../../schema/json-schema.ts';
import {kubernetesFunctions} from '../libraries.ts';
import type {Program} from '../program.ts';
import {compile} from '../program.ts';
import type {KnownTypes} from '../schema-types.ts';
import {typeOfSchema} from '../schema-types.ts';
import type {Environment} from '../scope.ts';
import type {Type} from '../types.ts';
import {optionalOf} from '../types.ts';
import {normalizeFieldPath} from './field-path.ts';

/** A rule ready to run. */
export type RuleProgram = {
  /** Undefined of a rule that is empty; nothing is held against it. */
  readonly program: Program | undefined;
  /** What is wrong with the rule, when it could not be compiled. */
  readonly trouble: string | undefined;
  /** Makes the message; undefined where there is none, or where it could not be compiled. */
  readonly message: Program | undefined;
  readonly messageSource: string;
  readonly usesOldSelf: boolean;
  /** `oldSelf` is an optional, and the rule also runs where nothing is known of the old value. */
  readonly optionalOldSelf: boolean;
  readonly reason: string | undefined;
  /** The message of a failed rule that makes none, or fails to. */
  readonly fixedMessage: string;
  /** How other errors name the rule. */
  readonly shown: string;
  /** Where in the value errors are, `.` in front; '' for the value itself. */
  readonly place: string;
};

/** What the schema of a rule is called, and whether it is that of a whole resource. */
export type RuleContext = {readonly name: string; readonly root: boolean; readonly known: KnownTypes};

/** Compiles a rule of a schema node. Never throws. */
export function compileRule(rule: ValidationRule, schema: JsonSchema, context: RuleContext): RuleProgram {
  const message = (rule.message ?? '').trim();
  const source = (rule.rule ?? '').trim();
  const optionalOldSelf = rule.optionalOldSelf === true;
  const environment = environmentOf(schema, context, optionalOldSelf);
  const program = source && environment ? compileTo('bool', rule.rule!, environment) : undefined;
  const made = rule.messageExpression && environment ? compileTo('string', rule.messageExpression, environment) : undefined;
  const place = rule.fieldPath ? normalizeFieldPath(rule.fieldPath, schema) : undefined;
  return {
    program: typeof program === 'object' ? program : undefined,
    trouble: typeof program === 'string' ? program : source && !environment ? untyped : undefined,
    message: typeof made === 'object' ? made : undefined,
    messageSource: rule.messageExpression ?? '',
    usesOldSelf: typeof program === 'object' && program.uses.has('oldSelf'),
    optionalOldSelf,
    reason: rule.reason,
    fixedMessage: message || `failed rule: ${source}`,
    shown: message || source,
    place: place ? `.${place}` : '',
  };
}

/** Why there are no rules on content that no schema describes. */
export const untyped = 'failed to convert to declType for CEL validation rules';

/** What rules of a schema node may use; undefined for nodes whose content they cannot see. */
export function environmentOf(schema: JsonSchema, context: RuleContext, optionalOldSelf: boolean): Environment | undefined {
  const self = typeOfSchema(schema, context);
  if (!self) return undefined;
  const variables = new Map<string, Type>([
    ['self', self],
    ['oldSelf', optionalOldSelf ? optionalOf(self) : self],
  ]);
  return {variables, functions: kubernetesFunctions};
}

/** The program, or what is wrong with it. */
function compileTo(kind: 'bool' | 'string', source: string, environment: Environment): Program | string {
  const program = compile(source, environment);
  if (!program.ok) return `compilation failed: ${program.report}`;
  return program.type.kind === kind ? program : `cel expression must evaluate to a ${kind}`;
}
