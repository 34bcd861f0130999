import {badRequest, invalid} from '../api/errors.ts';
import type {FieldError} from '../api/field-error.ts';
import {forbiddenField, notSupported, required} from '../api/field-error.ts';
import {managerErrors} from '../merge/apply/managed-fields.ts';
import {optionalFlag} from './target.ts';

/** The query parameters of writes and reads that have a grammar of their own (spec kubernetes-api 1.3, 3.4). */
export type WriteOptions = {
  readonly dryRun: boolean;
  readonly fieldManager: string | undefined;
  readonly fieldValidation: FieldValidation;
};
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

/** @throws ApiError Invalid, of the options' own kind */
export function writeOptions(query: URLSearchParams, kind: OptionsKind): WriteOptions {
  const force = kind === 'PatchOptions' && query.has('force');
  return parse(query, kind, force ? [forbiddenField('force', 'may not be specified for non-apply patch')] : []);
}

/** Those of server-side apply: who applies must be said. @throws ApiError Invalid, BadRequest */
export function applyOptions(query: URLSearchParams): WriteOptions & {readonly fieldManager: string; readonly force: boolean} {
  const fieldManager = query.get('fieldManager') ?? '';
  const options = parse(query, 'PatchOptions', fieldManager ? [] : [required('fieldManager', 'is required for apply patch')]);
  return {...options, fieldManager, force: optionalFlag(query, 'force') ?? false};
}

function parse(query: URLSearchParams, kind: OptionsKind, own: readonly FieldError[]): WriteOptions {
  const errors: FieldError[] = [...dryRunErrors(query), ...own];
  const fieldManager = query.get('fieldManager') ?? undefined;
  if (fieldManager !== undefined) errors.push(...managerErrors(fieldManager, 'fieldManager'));
  const validation = query.get('fieldValidation') || 'Warn';
  if (!isFieldValidation(validation)) errors.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  if (errors.length > 0) throw invalid('meta.k8s.io', kind, '', errors);
  return {dryRun: query.has('dryRun'), fieldManager, fieldValidation: validation as FieldValidation};
}

/** Anything but `All` as dryRun. */
export function dryRunErrors(query: URLSearchParams): FieldError[] {
  const values = query.getAll('dryRun');
  return values.some(value => value !== 'All') ? [notSupported('dryRun', values, ['All'])] : [];
}

const isFieldValidation = (text: string): text is FieldValidation => text === 'Ignore' || text === 'Warn' || text === 'Strict';

/** What a row of a table carries of its object. */
export function includeObject(query: URLSearchParams): 'Metadata' | 'Object' | 'None' {
  const value = query.get('includeObject') || 'Metadata';
  if (value !== 'Metadata' && value !== 'Object' && value !== 'None')
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
  return value;
}
