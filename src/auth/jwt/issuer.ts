import {X509Certificate} from 'node:crypto';
import type {FieldError} from '../../api/field-error.ts';
import {at, duplicate, invalidValue, required} from '../../api/field-error.ts';
import type {JwtIssuer} from './config.ts';

/** What is wrong with who issues the tokens, and for whom they must be. */
export function issuerErrors(issuer: JwtIssuer['issuer'], path: string, disallowed: readonly string[]): FieldError[] {
  const {url, discoveryURL, certificateAuthority, egressSelectorType} = issuer;
  const errors: FieldError[] = url === '' ? [required(at(path, 'url'))] : urlErrors(url, at(path, 'url'), disallowed);
  if (discoveryURL !== '') {
    const here = at(path, 'discoveryURL');
    if (url !== '' && withoutSlashes(url) === withoutSlashes(discoveryURL))
      errors.push(invalidValue(here, discoveryURL, 'discoveryURL must be different from URL'));
    errors.push(...urlErrors(discoveryURL, here, []));
  }
  errors.push(...audienceErrors(issuer, path));
  const trouble = certificateAuthority === '' ? undefined : caTrouble(certificateAuthority);
  if (trouble) errors.push(invalidValue(at(path, 'certificateAuthority'), '<omitted>', trouble));
  if (egressSelectorType !== '')
    errors.push(invalidValue(at(path, 'egressSelectorType'), egressSelectorType, 'egress selector is not supported'));
  return errors;
}

const withoutSlashes = (url: string): string => {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
};

/** The parts of a URL as RFC 3986 cuts it; the platform's URL would mend what is to be refused. */
const urlPattern = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s;

function urlErrors(url: string, path: string, disallowed: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const invalid = (detail: string): void => void errors.push(invalidValue(path, url, detail));
  if (disallowed.includes(url)) invalid(`URL must not overlap with disallowed issuers: [${[...disallowed].sort().join(' ')}]`);
  const [, scheme, authority = '', query = '', fragment = ''] = urlPattern.exec(url) ?? [];
  if (scheme?.toLowerCase() !== 'https') invalid('URL scheme must be https');
  else if (!URL.canParse(url)) invalid(`parse ${JSON.stringify(url)}: invalid URL`);
  if (authority.includes('@')) invalid('URL must not contain a username or password');
  if (query !== '') invalid('URL must not contain a query');
  if (fragment !== '') invalid('URL must not contain a fragment');
  return errors;
}

function audienceErrors({audiences, audienceMatchPolicy: policy}: JwtIssuer['issuer'], path: string): FieldError[] {
  const here = at(path, 'audiences');
  if (audiences.length === 0) return [required(here, `at least one ${here} is required`)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  audiences.forEach((audience, i) => {
    if (audience === '') errors.push(required(at(here, i)));
    if (seen.has(audience)) errors.push(duplicate(at(here, i), audience));
    seen.add(audience);
  });
  const wrong = audiences.length > 1 ? policy !== matchAny : policy !== '' && policy !== matchAny;
  if (wrong)
    errors.push(
      invalidValue(
        at(path, 'audienceMatchPolicy'),
        policy,
        audiences.length > 1
          ? 'audienceMatchPolicy must be MatchAny for multiple audiences'
          : 'audienceMatchPolicy must be empty or MatchAny for single audience',
      ),
    );
  return errors;
}

const matchAny = 'MatchAny';

function caTrouble(pem: string): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return 'data does not contain any valid RSA or ECDSA certificates';
  try {
    for (const block of blocks) new X509Certificate(block);
    return undefined;
  } catch {
    return 'x509: malformed certificate';
  }
}
