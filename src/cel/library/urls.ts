import type {JsonObject} from '../../api/json.ts';
import {getKey, setKey} from '../../api/json.ts';
import {formatChecked} from '../../schema/formats.ts';
import type {Declaration} from '../functions.ts';
import {define, method} from '../functions.ts';
import {traversal} from '../meter.ts';
import {bool, listOf, mapOf, opaque, string} from '../types.ts';
import type {Value} from '../values.ts';
import {Failure, Opaque} from '../values.ts';

const urlType = opaque('kubernetes.URL');

class Url extends Opaque {
  readonly typeName = urlType.name;
  readonly scheme: string;
  /** With the port, without the user. */
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor([, scheme = '', authority = '', path = '', query = '']: readonly (string | undefined)[]) {
    super();
    this.scheme = scheme.toLowerCase();
    this.host = authority.slice(authority.lastIndexOf('@') + 1);
    this.path = path;
    this.query = query;
  }

  equals(other: Opaque): boolean {
    return (
      other instanceof Url &&
      this.scheme === other.scheme &&
      this.host === other.host &&
      this.path === other.path &&
      this.query === other.query
    );
  }
}

const isUri = formatChecked('uri')!;
const parts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s;

function parse(text: string): Url | undefined {
  const match = isUri(text) ? parts.exec(text) : null;
  return match ? new Url(match) : undefined;
}

function url(text: string): Url {
  const parsed = parse(text);
  if (parsed) return parsed;
  throw new Failure(`URL parse error during conversion from string: parse ${JSON.stringify(text.slice(0, 100))}: invalid URI for request`);
}

const portOf = /:(\d*)$/;
const hostname = ({host}: Url): string => host.replace(portOf, '').replace(/^\[(.*)\]$/, '$1');
const port = ({host}: Url): string => portOf.exec(host)?.[1] ?? '';
/** As it was written, with what must be escaped escaped. */
const escapedPath = ({path}: Url): string => path.replace(/[^A-Za-z0-9$&+,/:;=@_.~!'()*%[\]-]/gu, encodeURIComponent);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Values by key, in order. Pairs that are malformed are left out. */
function query({query}: Url): JsonObject {
  const found: JsonObject = {};
  for (const pair of query.split('&')) {
    const [, left = '', right = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const [key, value] = [decoded(left), decoded(right)];
    if (pair === '' || pair.includes(';') || key === undefined || value === undefined) continue;
    const values = getKey(found, key);
    if (Array.isArray(values)) values.push(value);
    else setKey(found, key, [value]);
  }
  return found;
}

const of = (read: (url: Url) => Value) => (value: Opaque) => read(value as Url);
const once = (text: string): number => traversal(text.length);

/** URLs with a scheme, or absolute paths. */
export const urls: readonly Declaration[] = [
  define('url', [string], urlType, url, once),
  define('isURL', [string], bool, text => parse(text) !== undefined, once),
  method(
    'getScheme',
    [urlType],
    string,
    of(({scheme}) => scheme),
  ),
  method(
    'getHost',
    [urlType],
    string,
    of(({host}) => host),
  ),
  method('getHostname', [urlType], string, of(hostname)),
  method('getPort', [urlType], string, of(port)),
  method('getEscapedPath', [urlType], string, of(escapedPath)),
  method('getQuery', [urlType], mapOf(string, listOf(string)), of(query)),
];
