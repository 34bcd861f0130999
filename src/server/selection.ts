import {badRequest} from '../api/errors.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {FieldSelector, LabelSelector} from '../api/selectors.ts';
import {everything, exactValue, parseFieldSelector, parseLabelSelector} from '../api/selectors.ts';
import type {Kind} from '../kinds/kind.ts';
import {compileJsonPath} from '../schema/json-path.ts';
import type {ResourceCall} from './call.ts';

/** Which objects of a range are asked for (spec kubernetes-api 4.3). */
export type Selection = {
  /** All of them: nothing needs to be parsed to know. */
  readonly all: boolean;
  /** The one name or namespace it demands, which narrows the range. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  matches(object: KubeObject): boolean;
};

/** @throws ApiError BadRequest for selectors that do not parse, or name a field the kind cannot be selected by */
export function parseSelection(kind: Kind, query: URLSearchParams, what: ResourceCall): Selection {
  const labelText = query.get('labelSelector');
  const fieldText = query.get('fieldSelector');
  const labels = labelText ? parseLabelSelector(labelText) : everything;
  const fields = fieldText ? parseFieldSelector(fieldText) : undefined;
  if (fields) for (const {field} of fields.requirements) readerOf(kind, field);
  const name = fields && exactValue(fields, 'metadata.name');
  if (what.name !== undefined && fields && !fields.empty && name !== what.name) {
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  return {
    all: labels.empty && (fields === undefined || fields.empty),
    name: what.name ?? name,
    namespace: fields && exactValue(fields, 'metadata.namespace'),
    matches: object => matchesLabels(labels, object) && matchesFields(kind, fields, object),
  };
}

const matchesLabels = (labels: LabelSelector, {metadata}: KubeObject): boolean => labels.empty || labels.matches(metadata.labels);

const matchesFields = (kind: Kind, fields: FieldSelector | undefined, object: KubeObject): boolean =>
  fields === undefined || fields.matches(field => readerOf(kind, field)(object));

type FieldReader = (object: KubeObject) => string;
const readers = new WeakMap<Kind, Map<string, FieldReader>>();

/** How a field of a kind is read for comparison; made once per kind. @throws ApiError BadRequest for any other field */
function readerOf(kind: Kind, field: string): FieldReader {
  let known = readers.get(kind);
  if (!known) {
    known = fieldReaders(kind);
    readers.set(kind, known);
  }
  const reader = known.get(field);
  if (reader) return reader;
  if (saysItsFields(kind)) throw badRequest(`field label not supported: ${field}`);
  throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
}

/** Kinds that name the fields they are selected by, rather than taking those of all kinds. */
const saysItsFields = (kind: Kind): boolean => kind.custom || kind.strategy.fields !== undefined;

function fieldReaders(kind: Kind): Map<string, FieldReader> {
  const found = new Map<string, FieldReader>([['metadata.name', object => object.metadata.name]]);
  if (kind.namespaced || !saysItsFields(kind)) found.set('metadata.namespace', object => object.metadata.namespace ?? '');
  for (const [field, read] of Object.entries(kind.strategy.fields ?? {})) found.set(field, object => read(asJson(object)));
  for (const field of kind.selectable ?? []) {
    const path = compileJsonPath(`.${field}`);
    found.set(field, object => textOf(path(asJson(object))[0]));
  }
  return found;
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
