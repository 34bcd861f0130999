import type {Json, JsonObject} from '../../api/json.ts';
import {digString, isObject, setKey} from '../../api/json.ts';
import {parse} from '../../api/parse-json.ts';
import {canonical} from '../../schema/canonical.ts';
import {compare} from './compare.ts';
import type {FieldSet} from './field-set.ts';
import {difference, emptySet} from './field-set.ts';
import type {MapType} from './field-type.ts';
import {fieldsOf} from './fields-of.ts';

/** Where `kubectl apply` without `--server-side` keeps what it applied last. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** The manager that goes from client-side to server-side apply. */
export const kubectl = 'kubectl';

const annotationsCharsMax = 256 * 1024;

/** The fields that client-side apply set and nobody changed since: kubectl may take them over without force. */
export function fieldsOfLastApplied(type: MapType, live: JsonObject): FieldSet {
  const text = digString(live, 'metadata', 'annotations', lastAppliedAnnotation);
  const applied = text ? parsed(text) : undefined;
  if (!isObject(applied)) return emptySet;
  const changes = compare(type, applied, live);
  return difference(difference(fieldsOf(type, applied), changes?.changed ?? emptySet), changes?.removed ?? emptySet);
}

function parsed(text: string): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Brings the annotation, where there is one, in line with what kubectl applied now, so that people may go back to client-side apply.
 * Changes `object`.
 */
export function keepLastApplied(object: JsonObject, config: JsonObject): void {
  const metadata = object['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (!isObject(annotations) || !Object.hasOwn(annotations, lastAppliedAnnotation)) return;
  delete annotations[lastAppliedAnnotation];
  const text = `${canonical(withoutAnnotation(config))}\n`;
  const chars = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0);
  if (chars + lastAppliedAnnotation.length + text.length <= annotationsCharsMax) setKey(annotations, lastAppliedAnnotation, text);
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const metadata = config['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (!isObject(metadata) || !isObject(annotations) || !Object.hasOwn(annotations, lastAppliedAnnotation)) return config;
  const {[lastAppliedAnnotation]: _, ...rest} = annotations;
  return {...config, metadata: {...metadata, annotations: rest}};
}
