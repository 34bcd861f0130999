import {view} from '../registry/view.ts';
import type {Changed} from './changed.ts';
import type {Named} from './exchange.ts';
import type {HttpReply} from './http.ts';
import {replyJson} from './reply.ts';
import {scaleOf} from './scale.ts';

/** A request on the scale of an object as one on the object itself. */
export const mainOf = (x: Named): Named => ({...x, what: {...x.what, subresource: undefined}});

/** Answers with the scale of what a write left. */
export const replyScale = (x: Named, changed: Changed): HttpReply =>
  replyJson(x, scaleOf(x.resource, 'entry' in changed ? view(x.resource, changed.entry) : changed.object));
