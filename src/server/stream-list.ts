import {stringify} from '../api/json.ts';
import type {Entry} from '../storage/storage.ts';
import type {Exchange} from './exchange.ts';
import type {HttpReply, StreamSink} from './http.ts';
import type {ListMeta, Slices} from './list-slices.ts';
import {encodeItems, listLimits} from './list-slices.ts';
import {pace} from './pace.ts';
import {headers} from './reply.ts';

/** Answers with a plain JSON list. */
export async function streamList(x: Exchange, slices: Slices): Promise<HttpReply> {
  const pieces: Uint8Array[] = [];
  let held = 0;
  let step = await slices.next();
  for (; !step.done && held <= listLimits.heldBytesMax; step = await slices.next()) {
    if (step.value.length === 0) continue;
    if (pieces.length > 0) pieces.push(comma);
    const bytes = encodeItems(x, step.value);
    pieces.push(bytes);
    held += bytes.length;
  }
  const contentType = headers(x, 'application/json');
  if (step.done) return {status: 200, headers: contentType, body: [opening(x, step.value), ...pieces, Buffer.from(']}\n')]};

  const first = [Buffer.from(`${startOf(x)},"items":[`), ...pieces];
  return {status: 200, headers: contentType, body: sink => void rest(x, {slices, step, first}, sink)};
}

const comma = Buffer.from(',');
const startOf = ({resource}: Exchange): string =>
  `{"kind":${JSON.stringify(resource.kind.names.listKind)},"apiVersion":${JSON.stringify(resource.apiVersion)}`;
const opening = (x: Exchange, meta: ListMeta): Uint8Array => Buffer.from(`${startOf(x)},"metadata":${stringify(meta)},"items":[`);

type Begun = {
  readonly slices: Slices;
  /** The slice that was read and not yet encoded. */
  readonly step: IteratorResult<readonly Entry[], ListMeta>;
  readonly first: readonly Uint8Array[];
};

/** A list that became too large to hold goes out as it is read. The metadata comes last: whether the list goes on is known only at its end. */
async function rest(x: Exchange, read: Begun, sink: StreamSink): Promise<void> {
  const ready = pace(x.deps.world, sink);
  try {
    for (const piece of read.first) sink.write(piece);
    let {step} = read;
    for (; !step.done; step = await read.slices.next()) {
      if (!(await ready())) return sink.destroy();
      if (step.value.length > 0) {
        sink.write(comma);
        sink.write(encodeItems(x, step.value));
      }
    }
    sink.write(Buffer.from(`],"metadata":${stringify(step.value)}}\n`));
    sink.end();
  } catch (err) {
    x.deps.log.warn('a list broke off', {error: String(err)});
    sink.destroy();
  }
}
