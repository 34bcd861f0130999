import type {FieldError} from '../api/field-error.ts';
import {at, invalidValue} from '../api/field-error.ts';
import type {Json, JsonObject} from '../api/json.ts';
import {dig, digString, isObject} from '../api/json.ts';
import {finalizerErrors, standardFinalizerErrors} from '../api/metadata.ts';
import {dnsLabel} from '../api/names.ts';
import {ageColumn, fieldColumn, kind, listBy, object, string, strings, time} from './build.ts';
import type {Kind} from './kind.ts';
import {allVerbs} from './kind.ts';
import {child, texts} from './read.ts';

/** Every namespace carries its name under this label. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';
/** The finalizer in `spec.finalizers` that stands for the content of the namespace. */
export const namespaceFinalizer = 'kubernetes';

/** Namespace (spec kubernetes-api 8.2). */
export const namespace: Kind = kind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  verbs: allVerbs.filter(verb => verb !== 'deletecollection'),
  description: 'A scope for names inside a workspace. Deleting it deletes everything in it.',
  fields: {
    spec: object('What is wanted of the namespace.', {
      finalizers: strings(
        'What must be done before the namespace may disappear; changed through /finalize only.',
        'Who has something to do.',
      ),
    }),
    status: object('What is known about the namespace.', {
      phase: string('Active, or Terminating once deletion has begun.'),
      conditions: listBy(
        ['type'],
        'What holds the deletion up.',
        object(
          'One observation.',
          {
            type: string('What is observed.'),
            status: string('True, False or Unknown.'),
            lastTransitionTime: time('When the status last changed.'),
            reason: string('The cause in one word.'),
            message: string('The cause for people.'),
          },
          {required: ['type', 'status']},
        ),
      ),
    }),
  },
  subresources: {status: true, finalize: true},
  columns: [fieldColumn('Status', 'status', 'phase'), ageColumn],
  strategy: {
    name: dnsLabel,
    returnsDeleted: true,
    unconditionalUpdate: true,
    normalize: labelWithName,
    prepareCreate: prepareNamespace,
    prepareUpdate: keepSpec,
    validateCreate: ns => nameErrors(ns, () => finalizersPath),
    validateUpdate: ns => nameErrors(ns, i => at(finalizersPath, i)),
    validateStatus: validateNamespaceStatus,
    fields: {
      'status.phase': ns => digString(ns, 'status', 'phase') ?? '',
      name: ns => digString(ns, 'metadata', 'name') ?? '',
    },
  },
});

function labelWithName(ns: JsonObject): void {
  const metadata = child(ns, 'metadata');
  if (typeof metadata?.['name'] !== 'string') return;
  const labels: JsonObject = isObject(metadata['labels']) ? metadata['labels'] : {};
  labels[namespaceNameLabel] = metadata['name'];
  metadata['labels'] = labels;
}

function prepareNamespace(ns: JsonObject): void {
  // Once more: by now the server may have completed a generated name.
  labelWithName(ns);
  ns['status'] = {phase: 'Active'};
  const spec = child(ns, 'spec') ?? {};
  const finalizers = texts(spec, 'finalizers');
  if (!finalizers.includes(namespaceFinalizer)) spec['finalizers'] = [...finalizers, namespaceFinalizer];
  ns['spec'] = spec;
}

/** The finalizers in the spec are changed through `/finalize` only. */
function keepSpec(ns: JsonObject, old: JsonObject): void {
  if (old['spec'] === undefined) delete ns['spec'];
  else ns['spec'] = old['spec'];
}

const finalizersPath = at('spec', 'finalizers');

function nameErrors(ns: JsonObject, path: (index: number) => string): FieldError[] {
  return texts(ns['spec'], 'finalizers').flatMap((name, i) => {
    const found = finalizerErrors(path(i), name);
    return found.length > 0 ? found : standardFinalizerErrors(path(i), name);
  });
}

function validateNamespaceStatus(ns: JsonObject): FieldError[] {
  const deleting = dig(ns, 'metadata', 'deletionTimestamp') !== undefined;
  const phase: Json = dig(ns, 'status', 'phase') ?? '';
  if (phase === (deleting ? 'Terminating' : 'Active')) return [];
  const why = deleting
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalidValue(at('status', 'Phase'), phase, why)];
}
