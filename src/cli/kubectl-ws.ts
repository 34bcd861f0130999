/** The plugin `kubectl ws`. */
import process from 'node:process';
import {processWorld} from './process-world.ts';
import {workspace} from './workspace.ts';

process.exitCode = await workspace(process.argv.slice(2), processWorld(process));
