import type {FieldError} from '../../api/field-error.ts';
import {invalidValue, required} from '../../api/field-error.ts';
import {dnsSubdomain} from '../../api/names.ts';

const pathClass = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const pathPattern = new RegExp(`^${pathClass}$`);
const reserved = /(^|\.)(kubernetes|k8s)\.io$/;

/** What is wrong with the key of a fact about a user: it has a domain before it, which is not Kubernetes' own. */
export function extraKeyErrors(key: string, path: string): FieldError[] {
  const errors = formErrors(key, path);
  if (key !== key.toLowerCase()) errors.push(invalidValue(path, key, 'must be lowercase'));
  const slash = key.indexOf('/');
  if (slash > 0 && reserved.test(key.slice(0, slash)))
    errors.push(invalidValue(path, key, 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use'));
  return errors;
}

function formErrors(key: string, path: string): FieldError[] {
  if (key === '') return [required(path)];
  const slash = key.indexOf('/');
  const [domain, rest] = [key.slice(0, slash), key.slice(slash + 1)];
  if (slash <= 0 || rest === '') return [invalidValue(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = dnsSubdomain(domain).map(error => invalidValue(path, domain, error));
  if (!pathPattern.test(rest)) errors.push(invalidValue(path, rest, `Invalid path (regex used for validation is '${pathClass}')`));
  return errors;
}
