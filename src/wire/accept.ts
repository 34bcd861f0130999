/** One clause of an Accept header: what the client takes, best first. */
export type Clause = {
  readonly type: string;
  readonly subtype: string;
  /** The parameters that name a conversion: kind, group and version. */
  readonly as: string;
  readonly group: string;
  readonly version: string;
  readonly pretty: boolean;
  /** Asks for something of the server that it is not: another server version, or a stream that is no watch. */
  readonly foreign: boolean;
};

const limits = {clausesMax: 100, cachedMax: 500, cachedCharsMax: 1_000} as const;
const cache = new Map<string, readonly Clause[]>();

/**
 * The clauses of an Accept header by falling `q`, otherwise as they stand; those of `q=0` are left out (spec kubernetes-api 1.7).
 * Clients repeat a few headers for ever, so they are parsed once.
 */
export function parseAccept(accept: string): readonly Clause[] {
  const known = cache.get(accept);
  if (known) return known;
  const clauses = accept
    .split(',', limits.clausesMax)
    .map(parseClause)
    .filter(({q}) => q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({clause}) => clause);
  if (accept.length <= limits.cachedCharsMax) {
    if (cache.size >= limits.cachedMax) cache.clear();
    cache.set(accept, clauses);
  }
  return clauses;
}

function parseClause(text: string): {readonly q: number; readonly clause: Clause} {
  const [range = '', ...rest] = text.split(';');
  const [type = '', subtype = ''] = range.trim().toLowerCase().split('/');
  const params = new Map(rest.map(parseParam));
  const q = Number(params.get('q') ?? '1');
  const stream = params.get('stream') ?? 'watch';
  const serverVersion = params.get('sv') ?? 'v1';
  return {
    q: Number.isNaN(q) ? 1 : q,
    clause: {
      type,
      subtype,
      as: params.get('as') ?? '',
      group: params.get('g') ?? '',
      version: params.get('v') ?? '',
      pretty: params.get('pretty') === '1',
      foreign: stream !== 'watch' || serverVersion !== 'v1',
    },
  };
}

function parseParam(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text.trim(), ''] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

/** Whether a clause takes a media type, by name or by wildcard. */
export function takes({type, subtype}: Clause, mediaType: string): boolean {
  if (type === '*') return subtype === '*' || subtype === '';
  if (!mediaType.startsWith(type) || mediaType[type.length] !== '/') return false;
  return subtype === '*' || (mediaType.length === type.length + 1 + subtype.length && mediaType.endsWith(subtype));
}
