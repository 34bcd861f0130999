import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {runCommand} from './command.ts';
import {createWorkspace} from './create.ts';
import {FakeWorld} from './fake-world.suite.ts';
import {workspace} from './workspace.ts';

type Step = {readonly command: string; readonly printed: string};

/** The commands of a page's console blocks, each with the lines that follow it. */
function stepsOf(page: string): Step[] {
  const text = readFileSync(fileURLToPath(new URL(`../../docs/guides/${page}`, import.meta.url)), 'utf8');
  return [...text.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    [...block!.matchAll(/^\$ (.+)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command, printed]) => ({command: command!, printed: printed!})),
  );
}

test('the walk through workspaces prints what the guide shows', async t => {
  const fake = new FakeWorld(t, {});
  fake.newPhase = 'Ready';
  const steps = stepsOf('workspaces.md').filter(step => step.command.startsWith('kubectl '));
  assert.ok(steps.length > 10);
  for (const {command, printed} of steps) {
    const [, ...words] = command.split(' ');
    const {out, err} =
      words[0] === 'ws'
        ? await fake.run(workspace, ...words.slice(1))
        : await fake.run((rest, world) => runCommand(createWorkspace, rest, world), ...words.slice(2));
    assert.equal(out + err, printed, command);
  }
});
