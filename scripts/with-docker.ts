// `npm run with-docker -- <command>`: runs a command where a Docker engine answers. That of the machine if there is one, else
// one of our own, which is gone afterwards; with the images that ours are built from, pulled or assembled. Where neither can
// be had the command runs all the same, and says what it skips.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { provideBaseImages, removeAssembledImages } from './docker/base-images.ts';
import { findDockerEngine } from './docker/docker-engine.ts';

const [program, ...programArguments] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: npm run with-docker -- <command> [arguments…]');
  process.exit(2);
}
// Heard by the command, which is in our group: we stay, to clean up after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => command?.kill(signal));
let command: ReturnType<typeof spawn> | undefined;

const say = (sentence: string): boolean => process.stderr.write(`tidemark: ${sentence}\n`);

say('looking for a Docker engine');
const search = await findDockerEngine();
if (search.kind === 'none') {
  say(`${search.reason}: the container suites are skipped`);
  process.exitCode = await run(program, {});
} else {
  await using engine = search.engine;
  Object.assign(process.env, engine.env);
  say(search.isOurs ? 'started an engine for this run' : 'using the engine of this machine');
  const { images, areAssembled } = provideBaseImages();
  say(areAssembled ? 'assembled the base images from this machine' : 'using the official base images');
  process.exitCode = await run(program, images);
  if (areAssembled && !search.isOurs) removeAssembledImages();
}

function run(program: string, env: Readonly<Record<string, string>>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  command = spawn(program, programArguments, { stdio: 'inherit', env: { ...process.env, ...env } });
  command.on('error', (error) => {
    say(`${program} can not be run: ${error.message}`);
    resolve(127);
  });
  command.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  return promise;
}
