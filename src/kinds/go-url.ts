/** URLs as Go parses them, which is neither how browsers do nor as strict: whose URL it is may be asked in errors that clients know. */

export type GoUrl = {
  readonly scheme: string;
  /** `user:password` as it was written; undefined where there is none. */
  readonly user: string | undefined;
  readonly host: string;
  readonly query: string;
  readonly fragment: string;
};

/** Longer ones are shown cut in errors. */
const shownCharsMax = 1000;

/** The parts of a URL, or why it is none: `parse "…": missing protocol scheme`. */
export function parseGoUrl(text: string): GoUrl | string {
  const refuse = (why: string): string => `parse ${JSON.stringify(text.slice(0, shownCharsMax))}: ${why}`;
  if ([...text].some(c => c < ' ' || c === '\x7f')) return refuse('net/url: invalid control character in URL');
  const [beforeFragment, fragment] = cut(text, '#');
  const [beforeQuery, query] = cut(beforeFragment, '?');
  const scheme = schemeOf(beforeQuery);
  if (scheme === undefined) return refuse('missing protocol scheme');
  const rest = scheme ? beforeQuery.slice(scheme.length + 1) : beforeQuery;
  const parts = {scheme: scheme.toLowerCase(), query, fragment};
  if (!rest.startsWith('/')) {
    if (!scheme && /^[^/]*:/.test(rest)) return refuse('first path segment in URL cannot contain colon');
    // What has no slash behind its scheme is opaque, and has no host.
    return escapeError(scheme ? '' : rest, refuse) ?? {...parts, user: undefined, host: ''};
  }
  if (!rest.startsWith('//')) return escapeError(rest, refuse) ?? {...parts, user: undefined, host: ''};
  const slash = rest.indexOf('/', 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  const at = authority.lastIndexOf('@');
  const user = at < 0 ? undefined : authority.slice(0, at);
  const host = authority.slice(at + 1);
  const wrong = hostError(host) ?? (user !== undefined && !/^[\w.~%!$&'()*+,;=:@-]*$/.test(user) ? 'net/url: invalid userinfo' : undefined);
  if (wrong !== undefined) return refuse(wrong);
  return escapeError(slash < 0 ? '' : rest.slice(slash), refuse) ?? {...parts, user, host};
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** '' where there is none, undefined where one was meant and is missing. */
function schemeOf(text: string): string | undefined {
  if (text.startsWith(':')) return undefined;
  return /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? '';
}

function hostError(host: string): string | undefined {
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']');
    if (end < 0) return "missing ']' in host";
    return portError(host.slice(end + 1));
  }
  const colon = host.lastIndexOf(':');
  const found = colon < 0 ? undefined : portError(host.slice(colon));
  if (found !== undefined) return found;
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(host)?.[0];
  if (bad !== undefined) return `invalid URL escape ${JSON.stringify(bad)}`;
  const odd = /[^\w.~%!$&'()*+,;=:[\]<>"-]/u.exec(host)?.[0];
  return odd === undefined || odd >= '\x80' ? undefined : `invalid character ${JSON.stringify(odd)} in host name`;
}

const portError = (port: string): string | undefined =>
  /^(:\d*)?$/.test(port) ? undefined : `invalid port ${JSON.stringify(port)} after host`;

function escapeError(path: string, refuse: (why: string) => string): string | undefined {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(path)?.[0];
  return bad === undefined ? undefined : refuse(`invalid URL escape ${JSON.stringify(bad)}`);
}
