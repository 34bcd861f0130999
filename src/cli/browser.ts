/**
 * The workspaces as a person unfolds them: a tree whose children are known only where it was opened, and a cursor. Keys change it;
 * reading the server and drawing are done by others.
 */
export type Branch = {
  readonly name: string;
  readonly path: string;
  readonly parent: Branch | undefined;
  /** `<path>:<name>` of its type, and the name of its logical cluster, as far as they are known. */
  readonly type: string;
  readonly cluster: string;
  /** Mounts are shown, but neither opened nor entered. */
  readonly isMount: boolean;
  isOpen: boolean;
  /** Undefined until they were read. */
  children: readonly Branch[] | undefined;
};

export type Browser = {readonly top: Branch; cursor: Branch};

/** What a key asks for beyond what it changed. */
export type Wish = 'leave' | 'enter' | 'read' | undefined;

const keys: {readonly [key: string]: 'up' | 'down' | 'open' | 'close' | 'toggle' | 'enter' | 'leave'} = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  k: 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  j: 'down',
  '\u001b[C': 'open',
  '\u001bOC': 'open',
  l: 'open',
  '\u001b[D': 'close',
  '\u001bOD': 'close',
  h: 'close',
  '\u007f': 'close',
  '\b': 'close',
  ' ': 'toggle',
  '\r': 'enter',
  '\n': 'enter',
  q: 'leave',
  '\u001b': 'leave',
  '\u0003': 'leave',
};

/** Applies one key. `read` asks for the children of the cursor. */
export function press(browser: Browser, key: string): Wish {
  const {cursor} = browser;
  const action = Object.hasOwn(keys, key) ? keys[key] : undefined;
  switch (action) {
    case 'leave':
      return 'leave';
    case 'enter':
      return cursor.isMount ? undefined : 'enter';
    case 'up':
    case 'down':
      return move(browser, action === 'up' ? -1 : 1);
    case 'open':
      return open(cursor);
    case 'close':
      return close(browser);
    case 'toggle':
      return cursor.isOpen ? close(browser) : open(cursor);
    default:
      return undefined;
  }
}

/** The branches that can be seen, from top to bottom. */
export function visible(top: Branch): Branch[] {
  const below = top.isOpen ? (top.children ?? []) : [];
  return [top, ...below.flatMap(visible)];
}

export const depthOf = (branch: Branch): number => (branch.parent ? depthOf(branch.parent) + 1 : 0);

function move(browser: Browser, by: number): Wish {
  const all = visible(browser.top);
  browser.cursor = all[all.indexOf(browser.cursor) + by] ?? browser.cursor;
  return undefined;
}

function open(branch: Branch): Wish {
  if (branch.isMount) return undefined;
  branch.isOpen = true;
  return branch.children ? undefined : 'read';
}

/** Folds an open branch; on a closed one, goes to its parent. */
function close(browser: Browser): Wish {
  if (browser.cursor.isOpen) browser.cursor.isOpen = false;
  else browser.cursor = browser.cursor.parent ?? browser.cursor;
  return undefined;
}
