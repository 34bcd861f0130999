import type {FieldError} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {equal, getKey} from '../api/json.ts';

/**
 * Kubernetes holds what all versions of a definition say alike once for all of them, at the top of the spec, and that is where its errors point: almost
 * always, since most definitions have one version. Takes errors with paths below `spec.versions[i]`.
 */
export function asKubernetesHoldsThem(errors: readonly FieldError[], versions: readonly JsonObject[]): FieldError[] {
  const alike = parts.filter(([part]) => versions.every(version => equal(getKey(version, part), getKey(versions[0] as JsonObject, part))));
  const told: FieldError[] = [];
  for (const error of errors) {
    const [, number, rest = ''] = /^spec\.versions\[(\d+)\]\.(.*)$/s.exec(error.field) ?? [];
    const found = number !== undefined && !isMissing(error) && alike.find(([part]) => startsWithPart(rest, part));
    if (!found) told.push(error);
    // The other versions have the same errors.
    else if (number === '0') told.push(moved(error, `spec.versions[0].${found[0]}`, found[1]));
  }
  return told;
}

const parts = [
  ['schema', 'spec.validation'],
  ['subresources', 'spec.subresources'],
  ['additionalPrinterColumns', 'spec.additionalPrinterColumns'],
  ['selectableFields', 'spec.selectableFields'],
] as const;

const startsWithPart = (path: string, part: string): boolean => path.startsWith(part) && /^([.[]|$)/.test(path.slice(part.length));

const isMissing = ({field, type}: FieldError): boolean => type === 'Required' && field.endsWith('.schema.openAPIV3Schema');

/** Messages may point to a second place. */
const moved = ({type, field, message}: FieldError, from: string, to: string): FieldError => ({
  type,
  field: to + field.slice(from.length),
  message: message.replaceAll(`${from}.`, `${to}.`),
});
