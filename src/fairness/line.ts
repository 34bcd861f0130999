/** Something that waits: on account of which workspace, and of whom within it. */
export type InLine = {readonly workspace: string; readonly flow: string};

/**
 * A line in which nobody waits for the length of somebody else's. Workspaces take turns, within one its flows, and within a flow who came first goes
 * first: however many wait on one account, the next of another is at most a round away.
 */
export class FairLine<T extends InLine> {
  readonly #workspaces = new Map<string, Map<string, Set<T>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(one: T): void {
    const {workspace, flow} = one;
    this.#size++;
    const flows = this.#workspaces.get(workspace);
    const waiting = flows?.get(flow);
    if (waiting) waiting.add(one);
    else if (flows) flows.set(flow, new Set([one]));
    else this.#workspaces.set(workspace, new Map([[flow, new Set([one])]]));
  }

  /** Takes somebody out of turn; false when it does not wait. */
  remove(one: T): boolean {
    const flows = this.#workspaces.get(one.workspace);
    const waiting = flows?.get(one.flow);
    if (!flows || !waiting?.delete(one)) return false;
    this.#size--;
    if (waiting.size === 0) flows.delete(one.flow);
    if (flows.size === 0) this.#workspaces.delete(one.workspace);
    return true;
  }

  /** Whose turn it is among those that may go on: of a flow, only the first is asked. Undefined when none may. */
  take(may: (one: T) => boolean): T | undefined {
    for (const [workspace, flows] of this.#workspaces) {
      for (const [flow, waiting] of flows) {
        const [first] = waiting as Iterable<T> as [T];
        if (!may(first)) continue;
        this.remove(first);
        // Who had a turn stands last from now on.
        if (flows.delete(flow) && waiting.size > 0) flows.set(flow, waiting);
        if (this.#workspaces.delete(workspace) && flows.size > 0) this.#workspaces.set(workspace, flows);
        return first;
      }
    }
    return undefined;
  }
}
