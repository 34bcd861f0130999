/**
 * The grammars of names (spec kubernetes-api 2.1, 2.7). Each check answers with the texts Kubernetes gives,
 * none when the value is fine. All expressions are linear: no nested quantifiers over the same characters.
 */

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const labelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^${subdomain}$`);
const qualifiedPattern = new RegExp(`^${qualified}$`);
const label1035Pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export type Check = (value: string) => string[];

export const nameLengths = {labelCharsMax: 63, subdomainCharsMax: 253} as const;

const tooLongText = (max: number): string => `must be no more than ${max} characters`;

export const dnsLabel: Check = value => [
  ...(value.length > nameLengths.labelCharsMax ? [tooLongText(nameLengths.labelCharsMax)] : []),
  ...(labelPattern.test(value)
    ? []
    : [
        `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
      ]),
];

export const dnsSubdomain: Check = value => [
  ...(value.length > nameLengths.subdomainCharsMax ? [tooLongText(nameLengths.subdomainCharsMax)] : []),
  ...(subdomainPattern.test(value)
    ? []
    : [
        `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
      ]),
];

export const dns1035Label: Check = value => [
  ...(value.length > nameLengths.labelCharsMax ? [tooLongText(nameLengths.labelCharsMax)] : []),
  ...(label1035Pattern.test(value)
    ? []
    : [
        `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
      ]),
];

/** What every name must be, whatever its kind: one segment of a path. */
export const pathSegment: Check = value => {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter(c => value.includes(c)).map(c => `may not contain '${c}'`);
};

/** Keys of labels, annotations and finalizers: `[prefix/]name`. */
export const qualifiedName: Check = value => {
  const parts = value.split('/');
  const name = parts[parts.length - 1] ?? '';
  const errors: string[] = [];
  if (parts.length > 2) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...dnsSubdomain(prefix).map(e => `prefix part ${e}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > nameLengths.labelCharsMax) errors.push(`name part ${tooLongText(nameLengths.labelCharsMax)}`);
  if (!qualifiedPattern.test(name)) {
    errors.push(
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
        `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}')`,
    );
  }
  return errors;
};

export const labelValue: Check = value => [
  ...(value.length > nameLengths.labelCharsMax ? [tooLongText(nameLengths.labelCharsMax)] : []),
  ...(value === '' || qualifiedPattern.test(value)
    ? []
    : [
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
          `(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${qualified})?')`,
      ]),
];

/** Keys of ConfigMap and Secret data. */
export const configKey: Check = value => {
  const errors: string[] = [];
  if (value.length > nameLengths.subdomainCharsMax) errors.push(tooLongText(nameLengths.subdomainCharsMax));
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) {
    errors.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (value === '.') errors.push("must not be '.'");
  else if (value === '..') errors.push("must not be '..'");
  else if (value.startsWith('..')) errors.push("must not start with '..'");
  return errors;
};

/** The characters of generated names: no vowels, nothing that looks like another (spec kubernetes-api 2.1). */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const generatedBaseCharsMax = 58;
const suffixChars = 5;

/** `base` cut to 58 characters plus five random ones. `random` gives numbers in [0, 1). */
export function generateName(base: string, random: () => number): string {
  let name = base.slice(0, generatedBaseCharsMax);
  for (let i = 0; i < suffixChars; i++) name += suffixAlphabet[Math.floor(random() * suffixAlphabet.length)];
  return name;
}
