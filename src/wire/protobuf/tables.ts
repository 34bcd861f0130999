/**
 * Messages as tables. One line of text describes a message: `Lease{1 metadata:ObjectMeta!; 2 spec:LeaseSpec!}`, that is per field its
 * number, its name in JSON, its type and when JSON shows it. Types are `s` string, `B` bytes (base64 in JSON), `b` bool, `i32`, `i64`,
 * `f64`, `map<s,…>`, another message, or a special one (`SpecialType`). After the type stand `*` for a list, and then one of
 * `!` always in JSON, `?` in JSON when it was sent (a pointer in Go), `^` a message whose fields stand among ours; without a mark a
 * field is in JSON unless it is zero or empty.
 */
export type Message = {readonly name: string; readonly fields: readonly Field[]; readonly byNumber: ReadonlyMap<number, Field>};

export type Field = {
  readonly number: number;
  readonly name: string;
  /** Position in the message: fields come out in the order of the table. */
  readonly index: number;
  readonly type: Type;
  readonly shape: 'one' | 'list' | 'map';
  readonly shown: 'nonzero' | 'always' | 'sent' | 'inlined';
};

export type ScalarType = 's' | 'B' | 'b' | 'i32' | 'i64' | 'f64';
/** Messages that are something else in JSON. */
export type SpecialType =
  | 'Time'
  | 'MicroTime'
  | 'Quantity'
  | 'IntOrString'
  /** `{1 raw:B}` with JSON in it. */
  | 'Raw'
  /** `{1 items:s*}`, a list within a map. */
  | 'Strings'
  | 'SchemaOrArray'
  | 'SchemaOrBool'
  | 'SchemaOrStrings';

export type Type =
  | {readonly kind: 'scalar'; readonly name: ScalarType}
  | {readonly kind: 'special'; readonly name: SpecialType; readonly scope: Scope}
  | {readonly kind: 'message'; readonly name: string; readonly scope: Scope};

/** Messages by name. */
export type Scope = {message(name: string): Message | undefined};

const scalars: ReadonlySet<string> = new Set<ScalarType>(['s', 'B', 'b', 'i32', 'i64', 'f64']);
const specials: ReadonlySet<string> = new Set<SpecialType>([
  'Time',
  'MicroTime',
  'Quantity',
  'IntOrString',
  'Raw',
  'Strings',
  'SchemaOrArray',
  'SchemaOrBool',
  'SchemaOrStrings',
]);

/** The messages that `text` describes, one a line; names it lacks are looked up in `outer`. Text and lines are read when first needed. */
export function scopeOf(text: string, outer?: Scope): Scope {
  let lines: ReadonlyMap<string, string> | undefined;
  const read = new Map<string, Message>();
  const scope: Scope = {
    message(name) {
      const known = read.get(name);
      if (known) return known;
      lines ??= linesOf(text);
      const line = lines.get(name);
      if (line === undefined) return outer?.message(name);
      const message = messageOf(name, line, scope);
      read.set(name, message);
      return message;
    },
  };
  return scope;
}

/** The lines of a table by the name they begin with. */
function linesOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').map(line => line.trim());
  return new Map(lines.filter(Boolean).map(line => [line.slice(0, line.indexOf('{')), line]));
}

/** The message a type names; a name that no table has is a mistake in the tables. */
export function resolve(type: {readonly name: string; readonly scope: Scope}): Message {
  const message = type.scope.message(type.name);
  if (!message) throw new TypeError(`no message ${type.name} in the protobuf tables`);
  return message;
}

function messageOf(name: string, line: string, scope: Scope): Message {
  const fields = line
    .slice(name.length + 1, -1)
    .split(';')
    .filter(Boolean)
    .map((text, index) => fieldOf(text.trim(), index, scope));
  return {name, fields, byNumber: new Map(fields.map(field => [field.number, field]))};
}

const shownBy = {'': 'nonzero', '!': 'always', '?': 'sent', '^': 'inlined'} as const;

function fieldOf(text: string, index: number, scope: Scope): Field {
  const found = /^(\d+) ([^:]+):(?:map<s,(\w+)>|(\w+))(\*?)([!?^]?)$/.exec(text);
  if (!found) throw new TypeError(`not a field of a protobuf table: ${text}`);
  const [, number, name, inMap, single, star, mark] = found;
  const type = (inMap ?? single)!;
  return {
    number: Number(number),
    name: name!,
    index,
    type: scalars.has(type)
      ? {kind: 'scalar', name: type as ScalarType}
      : specials.has(type)
        ? {kind: 'special', name: type as SpecialType, scope}
        : {kind: 'message', name: type, scope},
    shape: inMap ? 'map' : star ? 'list' : 'one',
    shown: shownBy[mark as keyof typeof shownBy],
  };
}
