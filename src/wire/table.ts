import type {JsonObject} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {Column, Kind} from '../kinds/kind.ts';

export type TableOptions = {
  /** In ms, for ages. */
  readonly now: number;
  /** How much of each object goes with its row. */
  readonly includeObject: 'Metadata' | 'Object' | 'None';
  readonly version: 'v1' | 'v1beta1';
  readonly listMeta: {readonly resourceVersion?: string; readonly continue?: string; readonly remainingItemCount?: number};
  /** Whether to say what the columns are: of a watch, only the first table does. */
  readonly columns: boolean;
};

/** Objects as the table that `kubectl get` prints (spec kubernetes-api 4.6): a row each, the name first. */
export function tableOf(kind: Kind, objects: readonly KubeObject[], options: TableOptions): JsonObject {
  const columns = columnsOf(kind);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: {...options.listMeta},
    columnDefinitions: options.columns ? columns.map(definitionOf) : [],
    rows: objects.map(object => rowOf(columns, object, options)),
  };
}

/** The row of one object, for tables that are put together from many reads. */
export const tableRow = (kind: Kind, object: KubeObject, options: TableOptions): JsonObject => rowOf(columnsOf(kind), object, options);

const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name of the object, unique within its namespace.',
  priority: 0,
  cell: object => object.metadata.name,
};

/** Events alone put their name elsewhere. */
const columnsOf = ({columns, custom}: Kind): readonly Column[] =>
  !custom && columns.some(({name}) => name === nameColumn.name) ? columns : [nameColumn, ...columns];

const definitionOf = ({name, type, format, description, priority}: Column): JsonObject => ({name, type, format, description, priority});

function rowOf(columns: readonly Column[], object: KubeObject, {now, includeObject, version}: TableOptions): JsonObject {
  const cells = columns.map(column => column.cell(object, now));
  if (includeObject === 'None') return {cells, object: null};
  if (includeObject === 'Object') return {cells, object: asJson(object)};
  const metadata = asJson(object)['metadata']!;
  return {cells, object: {kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata}};
}
