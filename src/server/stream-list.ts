import {stringify} from '../api/json.ts';
import {view} from '../registry/view.ts';
import type {Entry} from '../storage/storage.ts';
import type {Exchange} from './exchange.ts';
import type {HttpReply, StreamSink} from './http.ts';
import type {ListForm} from './list-form.ts';
import type {ListMeta, Slices} from './list-slices.ts';
import {encodeItems, listLimits} from './list-slices.ts';
import {pace} from './pace.ts';
import {headers} from './reply.ts';

/** Answers with a list in JSON. */
export async function streamList(x: Exchange, slices: Slices, form: ListForm): Promise<HttpReply> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  let step = await slices.next();
  for (; !step.done && held <= listLimits.heldBytesMax; step = await slices.next()) {
    if (step.value.length === 0) continue;
    if (pieces.length > 0) pieces.push(comma);
    const bytes = encode(x, form, step.value);
    pieces.push(bytes);
    held += bytes.length;
  }
  const contentType = headers(x, 'application/json');
  if (step.done) return {status: 200, headers: contentType, body: [opening(form, step.value), ...pieces, Buffer.from(']}\n')]};

  const first = [Buffer.from(`${startOf(form)},"${form.field}":[`), ...pieces];
  return {status: 200, headers: contentType, body: sink => void rest(x, {slices, form, step, first}, sink)};
}

const comma = Buffer.from(',');
/** The list without its closing brace, metadata and items. */
const startOf = ({head}: ListForm): string => stringify(head).slice(0, -1);
const opening = (form: ListForm, meta: ListMeta): Uint8Array =>
  Buffer.from(`${startOf(form)},"metadata":${stringify(meta)},"${form.field}":[`);

/** The bytes of items, joined by commas: moved as they are stored where nothing else was asked for. */
const encode = (x: Exchange, form: ListForm, entries: readonly Entry[]): Uint8Array =>
  x.as.as ? Buffer.from(entries.map(entry => stringify(form.item(view(x.resource, entry)))).join(',')) : encodeItems(x, entries);

type Begun = {
  readonly slices: Slices;
  readonly form: ListForm;
  /** The slice that was read and not yet encoded. */
  readonly step: IteratorResult<readonly Entry[], ListMeta>;
  readonly first: readonly Uint8Array[];
};

/** A list that became too large to hold goes out as it is read. The metadata comes last: whether the list goes on is known only at its end. */
async function rest(x: Exchange, read: Begun, sink: StreamSink): Promise<void> {
  const ready = pace(x.deps.world, sink, x.deps.fairness?.time);
  try {
    for (const piece of read.first) sink.write(piece);
    let {step} = read;
    for (; !step.done; step = await read.slices.next()) {
      if (!(await ready())) return sink.destroy();
      if (step.value.length > 0) {
        sink.write(comma);
        sink.write(encode(x, read.form, step.value));
      }
    }
    sink.write(Buffer.from(`],"metadata":${stringify(step.value)}}\n`));
    sink.end();
  } catch (err) {
    x.deps.log.warn('a list broke off', {request: x.call.auditId, error: String(err)});
    sink.destroy();
  }
}
