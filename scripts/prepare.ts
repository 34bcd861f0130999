/** After installing: joins the sources and starts the server once, so that the first start is as quick as the next. Never fails an installation. */
const steps = ['./bundle.ts', './warm.ts'] as const;

for (const step of steps) {
  try {
    await import(step);
  } catch (err) {
    process.stderr.write(`${step} did not work, and starts will be slower: ${err instanceof Error ? err.message : err}\n`);
  }
}
