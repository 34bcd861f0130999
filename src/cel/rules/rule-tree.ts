import type {Json} from '../../api/json.ts';
import type {JsonSchema} from '../../schema/json-schema.ts';
import {itemPairing} from '../../schema/list-types.ts';
import type {KnownTypes} from '../schema-types.ts';
import type {RuleProgram} from './rule-program.ts';
import {compileRule} from './rule-program.ts';

/** A node of a schema with rules on it or below it; nodes without any are left out. */
export type RuleNode = {
  readonly schema: JsonSchema;
  /** Compiled when the first value comes. */
  readonly rules: () => readonly RuleProgram[];
  readonly fields: ReadonlyMap<string, RuleNode>;
  /** Of the values of a map. */
  readonly others: RuleNode | undefined;
  readonly items: RuleNode | undefined;
  /** Gives for an old list the function from an item to what it was. */
  readonly pairing: (old: Json | undefined) => ((item: Json) => Json | undefined) | undefined;
};

/** Whether there are rules in a schema: most have none, and need no tree. */
export function hasRules({properties, additionalProperties, items, 'x-kubernetes-validations': rules}: JsonSchema): boolean {
  if (rules && rules.length > 0) return true;
  if (items && hasRules(items)) return true;
  if (typeof additionalProperties === 'object' && hasRules(additionalProperties)) return true;
  for (const key in properties) if (hasRules(properties[key]!)) return true;
  return false;
}

/** The tree of all rules of a schema; undefined when it has none. `root` is the schema of a whole resource. */
export const ruleTree = (schema: JsonSchema, root: boolean): RuleNode | undefined => nodeOf(schema, 'object', {root, known: new Map()});

type Context = {readonly root: boolean; readonly known: KnownTypes};

function nodeOf(schema: JsonSchema, name: string, {root, known}: Context): RuleNode | undefined {
  const below: Context = {root: false, known};
  const fields = new Map<string, RuleNode>();
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const node = nodeOf(property, `${name}.${key}`, below);
    if (node) fields.set(key, node);
  }
  const {additionalProperties, items} = schema;
  const others = typeof additionalProperties === 'object' ? nodeOf(additionalProperties, `${name}.@elem`, below) : undefined;
  const item = items && nodeOf(items, `${name}.@idx`, below);
  const written = schema['x-kubernetes-validations'] ?? [];
  if (written.length === 0 && fields.size === 0 && !others && !item) return undefined;

  let programs: readonly RuleProgram[] | undefined;
  const rules = (): readonly RuleProgram[] => {
    programs ??= written.map(rule => compileRule(rule, schema, {name, root, known}));
    return programs;
  };
  return {schema, rules, fields, others, items: item, pairing: itemPairing(schema)};
}
