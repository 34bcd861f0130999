/** The plugin `kubectl create workspace`. */
import process from 'node:process';
import {runCommand} from './command.ts';
import {createWorkspace} from './create.ts';
import {processWorld} from './process-world.ts';

process.exitCode = await runCommand(createWorkspace, process.argv.slice(2), processWorld(process));
