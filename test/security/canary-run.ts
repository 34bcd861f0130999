import {inspect} from 'node:util';
import type {IssuedTokens} from '../../src/auth/jwt/issued-tokens.ts';
import {isStarted, startPlane, type TestPlane} from '../support/plane.ts';
import {sleep} from '../support/process.ts';
import {realTurn} from '../support/virtual-world.ts';
import {canaryText} from './canary.ts';
import {type Crawl, crawl} from './crawl.ts';
import {isWild} from './material.ts';
import {type Asker, type Held, issuedUsers, occupy, settle} from './tenants.ts';

/** So often a workspace of one tenant is deleted, and the other gets one of the same name. */
const swaps = 8;

/** One crawl over a plane of its own. */
export async function crawlOnce({seed, foreign}: {readonly seed: string; readonly foreign: number}): Promise<Crawl> {
  let known: ReturnType<typeof issuedUsers> = new Map();
  const issued: IssuedTokens = {
    async identify(token) {
      const found = known.get(token);
      return found && {user: found.user};
    },
  };
  const plane = await startPlane(seed, {issued});
  const tenants = await settle(plane, !isStarted);
  if (!isStarted) known = issuedUsers(tenants.held);
  const held = [...tenants.held];
  const askers = [...tenants.askers];
  const goneIds: string[] = [];
  let [swapped, drawn] = [0, 0];

  /** What was one tenant's is the other's under the same name: old ids, tokens and watches must not lead there. */
  const swap = async (): Promise<void> => {
    const code = `x${swapped}`;
    const tenant = swapped % 2 === 0 ? 'a' : 'b';
    const old = held.findIndex(one => one.code.startsWith('x'));
    if (old >= 0) {
      goneIds.push((held[old] as Held).id);
      held.splice(old, 1);
      await remove(plane);
    }
    const made = await occupy(plane.api, tenant, 'root', 'swapped', code);
    held.push(made);
    const at = tenant === 'a' ? 0 : 1;
    const asker = askers[at] as Asker;
    askers[at] = {...asker, sees: new Map([...asker.sees, [code, 'all']])};
    swapped++;
  };

  const result = await crawl({held, askers}, goneIds, {
    seed,
    foreign,
    atOnce: isStarted ? 200 : 100,
    handler: plane.handler,
    quietTurns: isStarted ? 8 : 3,
    pass: turn => (isStarted ? sleep(5) : turn % 20 === 19 ? plane.world.advance(200) : realTurn()),
    async between(done) {
      // Who watches is to have something to see.
      for (const one of [0, 1, 2].map(() => held[drawn++ % held.length] as Held)) {
        const at = plane.api.in(`/clusters/${one.id}/api/v1/namespaces/t`);
        await at.patch('/secrets/crown', {metadata: {labels: {touched: String(drawn)}}});
        await at.patch('/configmaps/crown', {metadata: {labels: {touched: String(drawn)}}});
      }
      if (done >= (swapped * foreign) / swaps) await swap();
    },
  });
  for (const {path, code} of tenants.held) {
    if (isWild({code})) continue;
    const secret = await plane.api.get(`/clusters/${path}/api/v1/namespaces/t/secrets/crown`);
    const jewels = Buffer.from(String(secret.at('data', 'jewels')), 'base64').toString();
    if (jewels !== canaryText(code, 's')) throw new Error(`a stranger changed the Secret of ${path} (seed ${seed}): ${secret.text}`);
  }
  const errors = plane.errors;
  await plane.stop();
  if (errors.length > 0 && result.found.length === 0) throw new Error(`it broke inside: ${inspect(errors.slice(0, 5))}`);
  return result;
}

async function remove(plane: TestPlane): Promise<void> {
  const path = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/swapped';
  const held = await plane.api.del(path);
  if (held.status >= 300) throw new Error(held.text);
  // A busy machine takes its time.
  for (let tries = 1; ; tries++) {
    try {
      return void (await plane.eventually(async () => (await plane.api.get(path)).status === 404));
    } catch (err) {
      if (tries === 6) throw err;
    }
  }
}
