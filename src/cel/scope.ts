import type {Functions} from './functions.ts';
import type {Type} from './types.ts';

/** What an expression may refer to. */
export type Environment = {
  readonly variables: ReadonlyMap<string, Type>;
  readonly functions: Functions;
  /** The types that may be written as `Name{field: value}`, where there are any. */
  readonly messages?: (name: string) => MessageType | undefined;
};

export type MessageType = {
  readonly type: Type;
  /** The type of a field; undefined of one that there is not. */
  readonly field: (name: string) => Type | undefined;
};

/** A variable within an expression: its type, and the slot of the frame that holds it. */
export type Variable = {readonly type: Type; readonly slot: number};

/** Variables by name, those of macros above those of the environment. Each macro's have slots of their own. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #names = new Map<string, Variable>();
  /** Slots of the whole expression, shared by all its scopes. */
  readonly #slots: {count: number};

  constructor(parent?: Scope) {
    this.#parent = parent;
    this.#slots = parent ? parent.#slots : {count: 0};
  }

  declare(name: string, type: Type): Variable {
    const variable = {type, slot: this.#slots.count++};
    this.#names.set(name, variable);
    return variable;
  }

  find(name: string): Variable | undefined {
    return this.#names.get(name) ?? this.#parent?.find(name);
  }

  get slots(): number {
    return this.#slots.count;
  }
}
