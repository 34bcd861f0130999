import type {Decision} from './decision.ts';
import {refused} from './decision.ts';
import type {AuthorizerName} from './order.ts';

/** Asks one authorizer after the other; the first that allows or denies has decided. Waits only for those that make it wait. */
export function firstDecision(order: readonly AuthorizerName[], ask: (name: AuthorizerName) => Decision | undefined): Decision;
export function firstDecision(
  order: readonly AuthorizerName[],
  ask: (name: AuthorizerName) => Decision | undefined | Promise<Decision>,
): Decision | Promise<Decision>;
export function firstDecision(
  order: readonly AuthorizerName[],
  ask: (name: AuthorizerName) => Decision | undefined | Promise<Decision>,
): Decision | Promise<Decision> {
  const open: Decision[] = [];
  const from = (first: number): Decision | Promise<Decision> => {
    for (let i = first; i < order.length; i++) {
      const said = ask(order[i] as AuthorizerName);
      if (said instanceof Promise) return said.then(decision => decided(decision, open) ?? from(i + 1));
      const last = decided(said, open);
      if (last) return last;
    }
    return undecided(open);
  };
  return from(0);
}

/** The decision, if it is one; `open` gathers those of whom it is not. */
function decided(decision: Decision | undefined, open: Decision[]): Decision | undefined {
  if (decision === undefined) return undefined;
  if (decision.allowed || decision.denied) return open.length === 0 ? decision : {...decision, earlier: open};
  open.push(decision);
  return undefined;
}

/** When nobody decided, it is refused. */
function undecided(open: readonly Decision[]): Decision {
  const last = open.at(-1);
  if (last === undefined) return refused('before', 'no authorizer has an opinion');
  if (open.length === 1) return last;
  return {
    ...last,
    earlier: open.slice(0, -1),
    error: open.map(({error}) => error).find(error => error !== undefined),
    misses: options => open.flatMap(({misses}) => misses(options)),
  };
}
