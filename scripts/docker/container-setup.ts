// What a container suite finds when it starts: the images of this checkout, built once for all suites, or the reason why
// there are none. Run by vitest before the first suite of the project `container`; never starts an engine.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { type BaseImages, officialImages } from './base-images.ts';

export interface BuiltImages {
  readonly kind: 'built';
  /** The images of this checkout. */
  readonly sidecar: string;
  readonly gateway: string;
  readonly base: BaseImages;
}

export type Containers = { readonly kind: 'none'; readonly reason: string } | BuiltImages;

declare module 'vitest' {
  interface ProvidedContext {
    containers: Containers;
  }
}

const root = path.resolve(import.meta.dirname, '../..');

export default function setup(project: TestProject): void {
  const reason = reasonForNone();
  if (reason !== undefined) {
    console.log(`container suites are skipped: ${reason}`);
    project.provide('containers', { kind: 'none', reason });
    return;
  }
  project.provide('containers', buildImages());
}

/** @throws Error with what the builder said */
export function buildImages(): BuiltImages {
  const base = Object.fromEntries(
    Object.entries(officialImages).map(([name, official]) => [name, process.env[name] ?? official]),
  ) as BaseImages;
  return {
    kind: 'built',
    sidecar: build('sidecar', base),
    gateway: build('examples/llm-gateway', base),
    base,
  };
}

function reasonForNone(): string | undefined {
  try {
    execFileSync('docker', ['info', '--format', '{{.ServerVersion}}'], { stdio: 'pipe', timeout: 10_000 });
    return undefined;
  } catch {
    return 'no Docker engine answers (npm run with-docker -- npm test starts one)';
  }
}

/** @returns the name of the image */
function build(folder: string, base: BaseImages): string {
  const image = `tidemark-${path.basename(folder)}:latest`;
  const bases = ['NODE_IMAGE', 'RUNTIME_IMAGE'] as const;
  // The network of the host: its package registry may be one that only it reaches.
  const options = ['--network', 'host', ...bases.flatMap((name) => ['--build-arg', `${name}=${base[name]}`])];
  try {
    const args = ['build', '--file', `${folder}/Dockerfile`, '--tag', image, ...options, '.'];
    execFileSync('docker', args, { cwd: root, stdio: 'pipe', encoding: 'utf8' });
    return image;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${folder}/Dockerfile can not be built:\n${stdout ?? ''}${stderr ?? ''}`, {
      cause: error,
    });
  }
}
