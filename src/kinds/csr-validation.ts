import {X509Certificate} from 'node:crypto';
import {elements} from '../api/der.ts';
import type {FieldError} from '../api/field-error.ts';
import {at, duplicate, forbiddenField, invalidValue, notSupported, required, tooLong} from '../api/field-error.ts';
import type {JsonObject} from '../api/json.ts';
import {getKey} from '../api/json.ts';
import {dnsLabel, dnsSubdomain, nameLengths} from '../api/names.ts';
import {errorsMax} from '../schema/report.ts';
import type {StatusPart} from './kind.ts';
import {pemBlocks} from './pem.ts';
import {parseSigningRequest} from './pkcs10.ts';
import {child, number, objects, text, texts} from './read.ts';

export const csrLimits = {
  expirationSecondsMin: 600,
  /** Certificates that a status may hold: a chain has a few, and each of them is read. */
  certificatesMax: 500,
} as const;

const usages: readonly string[] = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const knownUsages: ReadonlySet<string> = new Set(usages);

/** Signers of old, who took whatever came. */
const legacySigner = 'kubernetes.io/legacy-unknown';

/** What is wrong with a new request (spec kubernetes-api 8.11). Its spec never changes again. */
export function newRequestErrors(csr: JsonObject): FieldError[] {
  const spec = child(csr, 'spec') ?? {};
  const seconds = number(spec, 'expirationSeconds');
  const signer = text(spec, 'signerName');
  return [
    ...requestErrors(spec),
    ...usageErrors(texts(spec, 'usages')),
    ...(signer === legacySigner
      ? [invalidValue('spec.signerName', signer, 'the legacy signerName is not allowed via this API version')]
      : signerErrors('spec.signerName', signer)),
    ...(seconds !== undefined && seconds < csrLimits.expirationSecondsMin
      ? [invalidValue('spec.expirationSeconds', seconds, 'may not specify a duration less than 600 seconds (10 minutes)')]
      : []),
  ];
}

function requestErrors(spec: JsonObject): FieldError[] {
  try {
    parseSigningRequest(decoded(spec, 'request')).checkSignature();
    return [];
  } catch (err) {
    return [invalidValue('spec.request', getKey(spec, 'request'), (err as Error).message)];
  }
}

const decoded = (from: JsonObject, field: string): Buffer => Buffer.from(text(from, field), 'base64');

function usageErrors(wanted: readonly string[]): FieldError[] {
  const path = (i: number): string => at('spec', 'usages', i);
  const unknown = wanted.flatMap((usage, i) => (knownUsages.has(usage) ? [] : [i])).slice(0, errorsMax);
  return [
    ...(wanted.length === 0 ? [required('spec.usages')] : []),
    ...unknown.map(i => notSupported(path(i), wanted[i], usages)),
    ...repeated(wanted)
      .slice(0, errorsMax)
      .map(i => duplicate(path(i), wanted[i])),
  ];
}

/** The places of what stood before. */
function repeated(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    const again = seen.has(value);
    seen.add(value);
    return again ? [i] : [];
  });
}

/** A signer is `<domain>/<path>`: a domain of two labels or more, and a path of subdomains. */
export function signerErrors(field: string, name: string): FieldError[] {
  if (!name) return [required(field)];
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0)
    return [invalidValue(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const {labelCharsMax, subdomainCharsMax} = nameLengths;
  const labels = domain.split('.');
  return [
    ...(domain.length > subdomainCharsMax ? [tooLong(field, subdomainCharsMax)] : []),
    ...firstOf(labels, dnsLabel).map(why => invalidValue(field, domain, why)),
    ...(labels.length < 2 ? [invalidValue(field, domain, 'should be a domain with at least two segments separated by dots')] : []),
    ...firstOf(path.split('.'), dnsSubdomain).map(why => invalidValue(field, path, why)),
    ...(path.length > subdomainCharsMax + labelCharsMax + 1 ? [tooLong(field, subdomainCharsMax + labelCharsMax + 1)] : []),
  ];
}

/** What is wrong with the first label with which something is. Where there are more labels than any name has, that is said anyway. */
function firstOf(labels: readonly string[], check: (label: string) => string[]): string[] {
  for (const label of labels.slice(0, nameLengths.subdomainCharsMax)) {
    const errors = check(label);
    if (errors.length > 0) return errors.map(why => `validating label ${JSON.stringify(label)}: ${why}`);
  }
  return [];
}

/** Conditions that are set by `/approval` alone. */
export const approvals: readonly string[] = ['Approved', 'Denied'];
const lasting: readonly string[] = [...approvals, 'Failed'];

/** What is wrong with a change of the status (spec kubernetes-api 8.11). */
export function statusErrors(csr: JsonObject, old: JsonObject, part: StatusPart): FieldError[] {
  const path = at('status', 'conditions');
  const [now, before] = [conditionsOf(csr), conditionsOf(old)];
  const count = (conditions: readonly JsonObject[], type: string): number => conditions.filter(one => text(one, 'type') === type).length;
  const lost = lasting.filter(type => count(now, type) < count(before, type));
  const added = part === 'approval' ? [] : approvals.filter(type => count(now, type) > count(before, type));
  return [
    ...conditionErrors(path, now),
    ...certificateErrors(csr, old),
    ...lost.map(type => forbiddenField(path, `updates may not remove a condition of type ${JSON.stringify(type)}`)),
    ...added.map(type => forbiddenField(path, `updates may not add a condition of type ${JSON.stringify(type)}`)),
    ...replacementErrors(csr, old),
  ];
}

export const conditionsOf = (csr: JsonObject): readonly JsonObject[] => objects(child(csr, 'status'), 'conditions');

function conditionErrors(path: string, conditions: readonly JsonObject[]): FieldError[] {
  const types = conditions.map(one => text(one, 'type'));
  const [approved, denied] = approvals.map(type => types.indexOf(type)) as [number, number];
  /** Where the other one stands first. */
  const other: {readonly [type: string]: number} = {Approved: denied, Denied: approved};
  const again = new Set(repeated(types));
  return conditions.flatMap((one, i) => {
    const type = types[i] as string;
    const status = text(one, 'status');
    const allowed = lasting.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    return [
      ...(type ? [] : [required(at(path, i, 'type'))]),
      ...(status ? [] : [required(at(path, i, 'status'))]),
      ...(status && !allowed.includes(status) ? [notSupported(at(path, i, 'status'), status, allowed)] : []),
      ...(approvals.includes(type) && other[type]! >= 0 && other[type]! < i
        ? [invalidValue(path, type, 'Approved and Denied conditions are mutually exclusive')]
        : []),
      ...(again.has(i) ? [duplicate(at(path, i, 'type'), type)] : []),
    ];
  });
}

const certificateOf = (csr: JsonObject): string => text(child(csr, 'status'), 'certificate');

function certificateErrors(csr: JsonObject, old: JsonObject): FieldError[] {
  const certificate = certificateOf(csr);
  if (!certificate || certificate === certificateOf(old)) return [];
  const why = certificateProblem(Buffer.from(certificate, 'base64').toString('latin1'));
  return why === undefined ? [] : [invalidValue('status.certificate', '<certificate data>', why)];
}

/** Once there, it stays as it is. */
function replacementErrors(csr: JsonObject, old: JsonObject): FieldError[] {
  const before = certificateOf(old);
  if (!before || Buffer.from(before, 'base64').equals(Buffer.from(certificateOf(csr), 'base64'))) return [];
  return [forbiddenField('status.certificate', 'updates may not modify existing certificate content')];
}

function certificateProblem(pem: string): string | undefined {
  let count = 0;
  for (const {label, hasHeaders, bytes} of pemBlocks(pem)) {
    if (label !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    const found = certificatesIn(bytes);
    count += found.length;
    if (count > csrLimits.certificatesMax) return `must contain at most ${csrLimits.certificatesMax} certificates`;
    if (found.length === 0 || !found.every(isCertificate)) return 'x509: malformed certificate';
  }
  return count === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** A block may hold several, one after the other; none where it holds something else. */
function certificatesIn(block: Buffer): readonly Buffer[] {
  try {
    return elements(block).map(({whole}) => whole);
  } catch {
    return [];
  }
}

function isCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}
