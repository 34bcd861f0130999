/** The types that the checker knows. */
export type Type =
  | {readonly kind: Primitive}
  | {readonly kind: 'type'; readonly of: Type}
  | {readonly kind: 'list'; readonly item: Type; readonly as?: ListKind}
  | {readonly kind: 'map'; readonly key: Type; readonly value: Type}
  | ObjectType
  /** A type of a library, such as `net.IP`, or `optional_type(T)`. */
  | {readonly kind: 'opaque'; readonly name: string; readonly params: readonly Type[]}
  /** A primitive that may be null. */
  | {readonly kind: 'wrapper'; readonly of: Type}
  /** Stands for any one type within a signature. */
  | {readonly kind: 'param'; readonly name: string};

/** A list of Kubernetes' type `set`, or of type `map` by these keys: the order of its items does not matter. */
export type ListKind = 'set' | readonly string[];

type Primitive = 'dyn' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration';

export type ObjectType = {
  readonly kind: 'object';
  readonly name: string;
  /** By the name that expressions use. */
  readonly fields: ReadonlyMap<string, Field>;
};
export type Field = {
  readonly type: Type;
  /** The key in the object. */
  readonly key: string;
  /** A null is a value; in other fields it is as if there were none. */
  readonly nullable?: true;
};

export const dyn = {kind: 'dyn'} as const;
export const nullType = {kind: 'null'} as const;
export const bool = {kind: 'bool'} as const;
export const int = {kind: 'int'} as const;
export const uint = {kind: 'uint'} as const;
export const double = {kind: 'double'} as const;
export const string = {kind: 'string'} as const;
export const bytes = {kind: 'bytes'} as const;
export const timestamp = {kind: 'timestamp'} as const;
export const duration = {kind: 'duration'} as const;
/** The two parameters that signatures use. */
export const A = {kind: 'param', name: 'A'} as const;
export const B = {kind: 'param', name: 'B'} as const;

export const listOf = <T extends Type>(item: T) => ({kind: 'list', item}) as const;
export const mapOf = <K extends Type, V extends Type>(key: K, value: V) => ({kind: 'map', key, value}) as const;
export const typeOf = <T extends Type>(of: T) => ({kind: 'type', of}) as const;
export const opaque = <const N extends string>(name: N, ...params: readonly Type[]) => ({kind: 'opaque', name, params}) as const;
export const optionalName = 'optional_type';
export const optionalOf = (item: Type) => opaque(optionalName, item);

/** The type as error messages show it: `map(string, list(int))`. */
export function showType(type: Type): string {
  switch (type.kind) {
    case 'type':
      return `type(${showType(type.of)})`;
    case 'list':
      return `list(${showType(type.item)})`;
    case 'map':
      return `map(${showType(type.key)}, ${showType(type.value)})`;
    case 'object':
      return type.name;
    case 'opaque':
      return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(showType).join(', ')})`;
    case 'wrapper':
      return `wrapper(${showType(type.of)})`;
    case 'param':
      return type.name;
    default:
      return type.kind;
  }
}
