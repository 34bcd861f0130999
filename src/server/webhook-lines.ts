import type {WorkspaceId} from '../api/cluster.ts';
import type {WebhookAnswer, Webhooks} from '../api/webhooks.ts';
import {postProblem} from '../api/webhooks.ts';
import type {World} from '../api/world.ts';

export const webhookLimits = {
  callsPerWorkspaceMax: 8,
  waitingPerWorkspaceMax: 1_000,
  /** Under way at a time, of all workspaces. */
  callsMax: 200,
} as const;

/**
 * Webhooks that no workspace can have too much of: its calls wait for each other, and what a hanging server holds up is its own. The time a call
 * waits is part of the time it has.
 */
export function inLines(webhooks: Webhooks, world: World): Webhooks {
  const lines = new Map<WorkspaceId, Line>();
  const whole = new Line(webhookLimits.callsMax);
  return {
    async post(call) {
      const {client, workspace, timeoutMs} = call;
      const refuse = (why: string): WebhookAnswer => ({problem: postProblem(client, timeoutMs, why)});
      const line = lines.get(workspace) ?? new Line(webhookLimits.callsPerWorkspaceMax);
      if (line.waiting >= webhookLimits.waitingPerWorkspaceMax) return refuse('too many calls of this workspace wait for an answer');
      lines.set(workspace, line);
      const endsMs = world.now() + timeoutMs;
      const inside = async (of: Line, then: () => Promise<WebhookAnswer>): Promise<WebhookAnswer> => {
        const leftMs = endsMs - world.now();
        if (leftMs <= 0 || !(await of.enter(world, leftMs))) return refuse('context deadline exceeded');
        return then().finally(() => of.leave());
      };
      const answer = await inside(line, () => inside(whole, () => webhooks.post({...call, timeoutMs: Math.max(1, endsMs - world.now())})));
      if (line.idle) lines.delete(workspace);
      return answer;
    },
  };
}

/** Lets so many in at a time, the others in the order they came. */
class Line {
  readonly #insideMax: number;
  #inside = 0;
  readonly #waiting = new Set<() => void>();

  constructor(insideMax: number) {
    this.#insideMax = insideMax;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get idle(): boolean {
    return this.#inside === 0 && this.#waiting.size === 0;
  }

  /** Waits for a place; false when there was none in time. */
  async enter(world: World, patienceMs: number): Promise<boolean> {
    if (this.#inside < this.#insideMax) {
      this.#inside++;
      return true;
    }
    return new Promise(resolve => {
      const cancel = world.after(patienceMs, () => {
        this.#waiting.delete(admit);
        resolve(false);
      });
      const admit = (): void => {
        cancel();
        resolve(true);
      };
      this.#waiting.add(admit);
    });
  }

  /** Gives a place to the next one. */
  leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#inside--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
