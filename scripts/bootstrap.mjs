// Brings a fresh checkout to the point where a TypeScript file of it can run, then runs that file.
//
//   node scripts/bootstrap.mjs <file.ts> [arguments…]
//
// Owns the order: toolchain, dependencies, Redis, then the file itself. Needs Node 20 and npm, nothing else,
// and therefore is plain JavaScript without imports from node_modules. Each step leaves a stamp, so that a
// second run costs about as much as starting Node twice.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { installDependencies } from './bootstrap/dependencies.mjs';
import { findRedis } from './bootstrap/redis.mjs';
import { ensureToolchain } from './bootstrap/toolchain.mjs';
import { fail, root } from './bootstrap/steps.mjs';

const [target, ...targetArguments] = process.argv.slice(2);
if (target === undefined) fail('usage: node scripts/bootstrap.mjs <file.ts> [arguments…]');

const toolchain = ensureToolchain();
installDependencies(toolchain);
const redisServer = findRedis();

const child = spawn(
  toolchain.node,
  ['--conditions=@tidemark/source', '--disable-warning=ExperimentalWarning', target, ...targetArguments],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: toolchain.path,
      ...(redisServer === undefined ? {} : { TIDEMARK_REDIS_SERVER: redisServer }),
    },
  },
);
// A terminal sends Ctrl-C to the whole group, a supervisor only to this process: pass on what arrives, and stay
// until the child has cleaned up after itself.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = signal === null ? code : 128 + constants.signals[signal];
});
