import type {JsonObject} from '../api/json.ts';
import {objects, text} from '../kinds/read.ts';

/** A condition, a variable or a note: an expression under a name. */
export type NamedExpression = {readonly name: string; readonly source: string};

export const readNamedExpressions = (
  owner: JsonObject | undefined,
  field: string,
  name = 'name',
  source = 'expression',
): NamedExpression[] => objects(owner, field).map(each => ({name: text(each, name), source: text(each, source)}));
