/** What bindings of validating and mutating admission policies share (spec kubernetes-api 8.12). */
import type {FieldError} from '../api/field-error.ts';
import {at, forbiddenField, invalidValue, required} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {dnsSubdomain, pathSegment} from '../api/names.ts';
import {asJson} from '../api/object.ts';
import {choiceErrors, fillMatchResources, matchResources, matchResourcesErrors} from './admission-rules.ts';
import type {Fields} from './build.ts';
import {ageColumn, column, fieldColumn, object, string} from './build.ts';
import type {Column} from './kind.ts';
import {labelSelector, labelSelectorErrors, printSelector} from './label-selector.ts';
import {child, text} from './read.ts';

export const bindingFields: Fields = {
  policyName: string('Name of the policy.'),
  paramRef: object(
    'The objects that are passed to the policy as params, one after the other.',
    {
      name: string('Name of the object; either this or selector.'),
      namespace: string('Namespace of the objects; that of the request when empty.'),
      selector: labelSelector('Labels of the objects; either this or name.'),
      parameterNotFoundAction: string('What happens when there is no such object. Allow: the request goes on. Deny: it is refused.'),
    },
    {'x-kubernetes-map-type': 'atomic'},
  ),
  matchResources: matchResources('Limits the requests that the policy looks at further.'),
};

export const bindingColumns: readonly Column[] = [
  fieldColumn('PolicyName', 'spec', 'policyName'),
  column('ParamRef', 'Name or selector of the params.', o => {
    const ref = child(child(asJson(o), 'spec'), 'paramRef');
    if (!ref) return '<unset>';
    // Whether the params have a namespace is not known here.
    return text(ref, 'name') ? `${text(ref, 'namespace') || '*'}/${text(ref, 'name')}` : printSelector(child(ref, 'selector'));
  }),
  ageColumn,
];

export const fillBinding = (binding: JsonObject): void => fillMatchResources(child(child(binding, 'spec'), 'matchResources'));

export function bindingErrors(binding: JsonObject): FieldError[] {
  const spec = child(binding, 'spec');
  const name = text(spec, 'policyName');
  return [
    ...(name ? dnsSubdomain(name).map(why => invalidValue('spec.policyName', name, why)) : [required('spec.policyName')]),
    ...paramRefErrors('spec.paramRef', child(spec, 'paramRef')),
    ...matchResourcesErrors('spec.matchResources', child(spec, 'matchResources')),
  ];
}

function paramRefErrors(path: string, ref: JsonObject | undefined): FieldError[] {
  if (!ref) return [];
  const errors: FieldError[] = [];
  const name = text(ref, 'name');
  const selector = child(ref, 'selector');
  const exclusive = 'name and selector are mutually exclusive';
  if (name) errors.push(...pathSegment(name).map(why => invalidValue(at(path, 'name'), name, why)));
  if (name && selector) errors.push(forbiddenField(at(path, 'name'), exclusive));
  errors.push(...labelSelectorErrors(at(path, 'selector'), selector));
  if (name && selector) errors.push(forbiddenField(at(path, 'selector'), exclusive));
  if (!name && !selector) errors.push(required(path, 'one of name or selector must be specified'));
  return [...errors, ...choiceErrors(at(path, 'parameterNotFoundAction'), text(ref, 'parameterNotFoundAction'), ['Deny', 'Allow'])];
}
