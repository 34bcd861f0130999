/** The tests that the authors of CEL hold every implementation to, as far as they are about what Kubernetes has. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createRequire} from 'node:module';
import {test} from 'node:test';
import type {Json, JsonObject} from '../api/json.ts';
import {equals} from './equality.ts';
import {kubernetesFunctions} from './libraries.ts';
import {Meter} from './meter.ts';
import {compile} from './program.ts';
import type {Type} from './types.ts';
import {bool, bytes, double, dyn, int, listOf, mapOf, nullType, string, uint} from './types.ts';
import type {Value} from './values.ts';
import {Double, MapValue, TypeValue, toInt, typeName, Uint} from './values.ts';

type Case = {
  readonly name: string;
  readonly expr: string;
  readonly container?: string;
  readonly disableCheck?: true;
  readonly checkOnly?: true;
  readonly typeEnv?: readonly {readonly name: string; readonly ident?: {readonly type: JsonObject}}[];
  readonly bindings?: {readonly [name: string]: {readonly value: JsonObject}};
  readonly value?: JsonObject;
  readonly typedResult?: {readonly result?: JsonObject};
  readonly evalError?: Json;
};
type Suite = {readonly name: string; readonly suites?: readonly Suite[]; readonly tests?: readonly {readonly original: Case}[]};

const {tests} = createRequire(import.meta.url)('@bufbuild/cel-spec/testdata/conformance.js') as {readonly tests: Suite};

/** What is left out, by the path of its suite or case, and why. */
const leftOut: readonly (readonly [path: RegExp, why: string])[] = [
  [/^math_ext\//, 'Kubernetes has no mathematics beyond the operators'],
  [/^encoders_ext\//, 'Kubernetes has no base64'],
  [/^block_ext\//, 'blocks are for optimizers'],
  [/^fields\/quoted_map_fields\//, 'names of fields in back quotes: Kubernetes does not turn them on'],
  [/^enums\//, 'there are no enumerations without messages'],
  [
    /\/map_(null_entry_no_such_key|present_key_invalid_field)$/,
    'to Kubernetes what has no fields simply has not this one (seen of a server)',
  ],
];

/** Cases that mix types in a list, a map or a comparison: Kubernetes refuses what CEL by itself allows. */
const mixed =
  /mixed_(type|number|key)|heterogeneous|_false_vs_types|elem_type_|key_type_(short|exhaust)|not_eq_(list|map)(_elem|_value)?_null$|map_key_u?int64$|mix_type|not_eq_list_length|chaining_13$/;

/** Kubernetes checks every expression, and has no messages of protobuf. */
const concernsUs = ({expr, container = '', typeEnv = [], value, disableCheck, checkOnly}: Case): boolean =>
  !disableCheck &&
  !checkOnly &&
  container === '' &&
  !/TestAllTypes|google\.protobuf\.(?!Timestamp|Duration)/.test(expr) &&
  typeEnv.every(({ident}) => ident && ident.type['messageType'] === undefined) &&
  value?.['objectValue'] === undefined &&
  value?.['enumValue'] === undefined;

function casesOf(suite: Suite, path: string): {readonly path: string; readonly of: Case}[] {
  return [
    ...(suite.tests ?? []).map(({original}) => ({path: `${path}/${original.name}`, of: original})),
    ...(suite.suites ?? []).flatMap(inner => casesOf(inner, `${path}/${inner.name}`)),
  ];
}

const primitives: {readonly [name: string]: Type} = {INT64: int, UINT64: uint, DOUBLE: double, BOOL: bool, STRING: string, BYTES: bytes};

function typeFrom(type: JsonObject): Type {
  if (typeof type['primitive'] === 'string') return primitives[type['primitive']] ?? dyn;
  if ('null' in type) return nullType;
  const {listType, mapType} = type as {listType?: JsonObject; mapType?: JsonObject};
  if (listType) return listOf(typeFrom(listType['elemType'] as JsonObject));
  return mapType ? mapOf(typeFrom(mapType['keyType'] as JsonObject), typeFrom(mapType['valueType'] as JsonObject)) : dyn;
}

function valueFrom(written: JsonObject): Value {
  const [[kind, value]] = Object.entries(written) as [[string, Json]];
  switch (kind) {
    case 'int64Value':
      return toInt(BigInt(value as string));
    case 'uint64Value':
      return new Uint(BigInt(value as string));
    case 'doubleValue':
      return new Double(Number(value));
    case 'bytesValue':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'typeValue':
      return new TypeValue(value as string);
    case 'listValue':
      return (((value as JsonObject)['values'] as JsonObject[] | undefined) ?? []).map(valueFrom);
    case 'mapValue': {
      const map = new MapValue();
      for (const entry of ((value as JsonObject)['entries'] as {key: JsonObject; value: JsonObject}[] | undefined) ?? [])
        map.add(valueFrom(entry.key), valueFrom(entry.value));
      return map;
    }
    default:
      return value as Value;
  }
}

function same(found: Value, wanted: Value): boolean {
  if (found instanceof Double && wanted instanceof Double && Number.isNaN(found.value)) return Number.isNaN(wanted.value);
  return typeName(found) === typeName(wanted) && equals(found, wanted, new Meter(1e9, 1e9));
}

const budget = 1_000_000;

/** The value of a case, or what is wrong with it. */
function evaluated({expr, typeEnv = [], bindings = {}}: Case): {readonly value?: Value; readonly error?: string} {
  const variables = new Map(typeEnv.map(({name, ident}) => [name, typeFrom(ident!.type)]));
  for (const name of Object.keys(bindings)) if (!variables.has(name)) variables.set(name, dyn);
  const program = compile(expr, {variables, functions: kubernetesFunctions});
  if (!program.ok) return {error: program.report};
  const bound = Object.fromEntries(Object.entries(bindings).map(([name, {value}]) => [name, valueFrom(value)]));
  const outcome = program.evaluate(bound, budget);
  return outcome.ok ? {value: outcome.value} : {error: outcome.error};
}

/** What a case came to, where that is not what it wants; undefined otherwise. */
function failure(path: string, of: Case): string | undefined {
  const {value, error = ''} = evaluated(of);
  const shown = `${path}: ${of.expr} is ${value === undefined ? error : showValue(value)}`;
  if (mixed.test(path)) return /expected type|no matching overload/.test(error) ? undefined : shown;
  if (of.evalError !== undefined) return value === undefined ? undefined : shown;
  const wanted = of.value ?? of.typedResult?.result;
  if (wanted === undefined) return value === undefined ? shown : undefined;
  return value !== undefined && same(value, valueFrom(wanted)) ? undefined : shown;
}

const showValue = (value: Value): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));

for (const suite of tests.suites ?? []) {
  const cases = casesOf(suite, suite.name).filter(({path, of}) => concernsUs(of) && !leftOut.some(([where]) => where.test(path)));
  if (cases.length === 0) continue;
  test(`conformance: ${cases.length} cases of ${suite.name}`, () => {
    assert.deepEqual(
      cases.map(({path, of}) => failure(path, of)).filter(found => found !== undefined),
      [],
    );
  });
}
