import type {Exchange, InWorkspace, Named} from './exchange.ts';
import type {HttpReply} from './http.ts';
import {review} from './reviews.ts';
import {requestToken} from './token-request.ts';
import {create} from './verbs/create.ts';
import {remove} from './verbs/delete.ts';
import {removeCollection} from './verbs/deletecollection.ts';
import {get} from './verbs/get.ts';
import {list} from './verbs/list.ts';
import {patch} from './verbs/patch.ts';
import {update} from './verbs/update.ts';
import {watch} from './verbs/watch.ts';

/** Does what was asked. `resolve` has seen to it that named verbs have a name, and that all but list and watch have one workspace. */
export function answer(x: Exchange): Promise<HttpReply> {
  switch (x.what.verb) {
    case 'get':
      return get(x as Named);
    case 'list':
      return list(x);
    case 'watch':
      return watch(x);
    case 'create':
      if (x.what.subresource === 'token') return requestToken(x as Named);
      return x.resource.kind.strategy.virtual ? review(x as InWorkspace) : create(x as InWorkspace);
    case 'update':
      return update(x as Named);
    case 'patch':
      return patch(x as Named);
    case 'delete':
      return remove(x as Named);
    case 'deletecollection':
      return removeCollection(x as InWorkspace);
  }
}
