import type {FieldError} from '../../api/field-error.ts';
import {at, invalidValue, notSupported, required} from '../../api/field-error.ts';
import type {JsonSchema, ValidationRule} from '../../schema/json-schema.ts';
import {normalizeFieldPath} from './field-path.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const lineEnd = /[\n\r]/;

/** What is wrong with a rule that can be seen without compiling it. */
export function formErrors(written: ValidationRule, schema: JsonSchema, path: string): FieldError[] {
  const {rule = '', message = '', messageExpression = '', reason, fieldPath = ''} = written;
  const errors: FieldError[] = [];
  const trimmed = message.trim();
  if (!rule.trim()) errors.push(required(at(path, 'rule'), 'rule is not specified'));
  else if (message && !trimmed) errors.push(invalidValue(at(path, 'message'), message, 'must be non-empty if specified'));
  else if (lineEnd.test(trimmed)) errors.push(invalidValue(at(path, 'message'), message, 'must not contain line breaks'));
  else if (lineEnd.test(rule.trim()) && !trimmed)
    errors.push(required(at(path, 'message'), 'message must be specified if rule contains line breaks'));
  if (messageExpression && !messageExpression.trim())
    errors.push(required(at(path, 'messageExpression'), 'messageExpression must be non-empty if specified'));
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(at(path, 'reason'), reason, reasons));
  if (!fieldPath) return errors;

  const wrongPath = (detail: string): void => {
    errors.push(invalidValue(at(path, 'fieldPath'), fieldPath, detail));
  };
  if (!fieldPath.trim()) wrongPath('must be non-empty if specified');
  if (lineEnd.test(fieldPath)) wrongPath('must not contain line breaks');
  if (normalizeFieldPath(fieldPath, schema) === undefined) wrongPath('must be a valid path');
  return errors;
}
