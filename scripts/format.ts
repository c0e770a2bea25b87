// Formats every file in place.
import { spawnSync } from 'node:child_process';

process.exitCode = spawnSync('node_modules/.bin/oxfmt', ['.'], { stdio: 'inherit' }).status ?? 1;
