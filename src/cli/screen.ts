import type {Branch, Browser} from './browser.ts';
import {depthOf, visible} from './browser.ts';

/** What is told about the workspace under the cursor: one line each, without the indent. */
export type Details = {
  readonly exports: readonly string[];
  readonly slices: readonly string[];
  /** A binding's name, then its resources. */
  readonly bindings: readonly (readonly [name: string, ...resources: string[]])[];
};

export type Size = {readonly columns: number; readonly rows: number};

/** `current` is the path one is in. */
export type View = {readonly browser: Browser; readonly current: string; readonly details: Details | undefined; readonly size: Size};

const footer = ['', '↑/↓: navigate  →/←/Space: expand/collapse  q: quit', 'Press Enter to switch to this workspace'];
const clipped = '  ...';
const [inverse, plain] = ['\u001b[7m', '\u001b[27m'];

/** The lines of the screen, never more and never wider than it has. */
export function draw({browser, current, details, size}: View): string[] {
  const head = ['kcp Workspaces', headline(browser.cursor, details), ''];
  const panel = clip(details ? panelLines(details) : [], Math.floor(size.rows / 3));
  const room = Math.max(1, size.rows - head.length - panel.length - footer.length);
  const all = visible(browser.top);
  const at = all.indexOf(browser.cursor);
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), all.length - room));
  const tree = all.slice(first, first + room).map(branch => {
    const line = cut(`${'  '.repeat(depthOf(branch))}${icon(branch, current)}${branch.name}${branch.isMount ? ' [m]' : ''}`, size.columns);
    return branch === browser.cursor ? `${inverse}${line}${plain}` : line;
  });
  return [...head.map(line => cut(line, size.columns)), ...tree, ...[...panel, ...footer].map(line => cut(line, size.columns))].slice(
    0,
    size.rows,
  );
}

function headline(branch: Branch, details: Details | undefined): string {
  const counts = details
    ? [`exports:${details.exports.length}`, `endpointslices:${details.slices.length}`, `bindings:${details.bindings.length}`]
    : [];
  const cluster = branch.cluster && `cluster:${branch.cluster}`;
  return [branch.path, branch.type, cluster, ...counts].filter(Boolean).join(' | ');
}

function icon(branch: Branch, current: string): string {
  const here = branch.path === current ? '→ ' : '';
  if (branch.isMount || branch.children?.length === 0) return `  ${here}`;
  return `${branch.isOpen ? '▼' : '▶'} ${here}`;
}

function panelLines({exports, slices, bindings}: Details): string[] {
  const section = (title: string, count: number, lines: readonly string[]): string[] =>
    count > 0 ? [`${title} (${count}):`, ...lines] : [];
  const bound = bindings.flatMap(([name, ...resources]) => [`  • ${name}`, ...resources.map(resource => `    └─ ${resource}`)]);
  const lines = [
    ...section('APIExports', exports.length, exports.map(dotted)),
    ...section('APIExportEndpointSlices', slices.length, slices.map(dotted)),
    ...section('APIBindings', bindings.length, bound),
  ];
  return lines.length > 0 ? ['', ...lines] : [];
}

const dotted = (text: string): string => `  • ${text}`;
const clip = (lines: readonly string[], max: number): readonly string[] =>
  lines.length > max ? [...lines.slice(0, Math.max(0, max - 1)), clipped] : lines;

/** Foreign text must not steer the terminal. */
const cut = (line: string, columns: number): string => [...line.replace(/\p{Cc}/gu, '?')].slice(0, columns).join('');
