// The files of an image, gathered on this machine: programs as Debian installed them, and the libraries that `ldd` names for
// them. Owns the layout of the folder; never asks a registry, and never says what an image is for.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface ImageContent {
  /** Absolute paths on this machine; each keeps its place, and brings its libraries. */
  readonly programs: readonly string[];
  /** Folders and files of this machine, by their place in the image; libraries of programs among them come along. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Folders with programs that are mounted later: only their libraries come along. */
  readonly mounted?: readonly string[];
  /** Small files, by their place in the image. */
  readonly files?: Readonly<Record<string, string>>;
  /** For `docker import --change`. */
  readonly changes: readonly string[];
}

/** Of the users of the official Node image, those that somebody runs as. */
const accounts = {
  '/etc/passwd': [
    'root:x:0:0:root:/root:/usr/sbin/nologin',
    'node:x:1000:1000::/home/node:/usr/sbin/nologin',
    'nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin',
    '',
  ].join('\n'),
  '/etc/group': 'root:x:0:\nnode:x:1000:\n',
  '/etc/nsswitch.conf': 'hosts: files dns\n',
};

/** Makes an image of `content`; what was gathered is gone afterwards. */
export function importImage(name: string, content: ImageContent): void {
  const root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-image-'));
  try {
    fill(root, content);
    const changes = content.changes.flatMap((change) => ['--change', change]);
    const archive = `${root}.tar`;
    try {
      execFileSync('tar', ['--create', '--file', archive, '--numeric-owner', '-C', root, '.']);
      execFileSync('docker', ['import', ...changes, archive, name], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    } finally {
      rmSync(archive, { force: true });
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

function fill(root: string, { programs, copies = {}, mounted = [], files = {} }: ImageContent): void {
  for (const folder of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(path.join(root, 'usr', folder), { recursive: true });
    // As Debian has it: /bin is a link, so that both spellings of a path are one file.
    symlinkSync(path.join('usr', folder), path.join(root, folder));
  }
  for (const folder of ['tmp', 'var/tmp', 'home/node', 'root', 'proc', 'sys', 'dev', 'run']) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  execFileSync('chmod', ['1777', path.join(root, 'tmp'), path.join(root, 'var/tmp')]);
  execFileSync('chown', ['1000:1000', path.join(root, 'home/node')]);
  for (const program of programs) copyFile(program, path.join(root, program));
  for (const [place, source] of Object.entries(copies)) {
    const target = path.join(root, place);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  }
  for (const [place, text] of Object.entries({ ...accounts, ...files })) {
    mkdirSync(path.join(root, path.dirname(place)), { recursive: true });
    writeFileSync(path.join(root, place), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  const others = [...Object.values(copies), ...mounted].flatMap(programsIn);
  for (const library of librariesOf([...programs, ...others])) copyFile(library, path.join(root, library));
}

function copyFile(source: string, target: string): void {
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(realpathSync(source), target);
}

/** Absolute paths of the libraries of this machine that the programs load. */
function librariesOf(programs: readonly string[]): readonly string[] {
  const found = programs.flatMap((program) => {
    const { stdout } = ldd(program);
    return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, file = '']) => file);
  });
  return [...new Set(found)].filter((file) => !programs.some((one) => sharesFolder(file, one)));
}

/** A library that comes with its program is copied with it. */
function sharesFolder(library: string, program: string): boolean {
  const home = path.resolve(path.dirname(program), '..');
  return home !== '/' && home !== '/usr' && home !== '/usr/local' && library.startsWith(`${home}/`);
}

function ldd(program: string): { stdout: string } {
  try {
    return {
      stdout: execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    };
  } catch {
    // A script, or linked statically.
    return { stdout: '' };
  }
}

function programsIn(source: string): readonly string[] {
  if (statSync(source).isFile()) return [source];
  const folder = path.join(source, 'bin');
  return existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
}
