// The files that containers are started from agree with each other and with what they name. That ours run is tried by
// compose.container.test.ts of the gateway; that the images of Supabase run with them, only by who can pull these.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';

const root = path.join(import.meta.dirname, '../..');
const files = ['docker-compose.yml', 'deploy/supabase.yml', 'deploy/devstack.yml'];

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
}

interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
}

function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** YAML 1.1, for the merge keys of compose files. */
function readYaml(file: string): unknown {
  return parse(readText(file), { version: '1.1', merge: true });
}

const [ours, supabase] = files.map((file) => (readYaml(file) as ComposeFile).services) as [
  ComposeFile['services'],
  ComposeFile['services'],
];

describe('the compose files', () => {
  test.each(files)('%s asks for no secret that write-env does not write', (file) => {
    const written = readText('packages/devstack/src/bin/write-env.ts');
    const demanded = [...readText(file).matchAll(/\$\{(\w+):\?/g)].map(([, name = '']) => name);
    expect(demanded.length).toBeGreaterThan(0);
    expect(demanded.filter((name) => !written.includes(`${name}:`))).toEqual([]);
  });

  test.each(files)('%s holds no secret, and publishes on this machine only', (file) => {
    const text = readText(file);
    expect(text).not.toMatch(/eyJ|password:\s*\w/i);
    const published = [...text.matchAll(/ports: \['([^']+)'\]/g)].map(([, port = '']) => port);
    expect(published.length).toBeGreaterThan(0);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('give each service the secrets that it needs, and no file with all of them', () => {
    for (const file of files) expect(readText(file)).not.toContain('env_file');
    for (const name of ['sidecar', 'sidecar-2'])
      expect(ours[name]?.environment).not.toHaveProperty('SUPABASE_JWT_SECRET');
  });

  it('of Supabase expose to the Data API what supabase/config.toml says', () => {
    const config = readText('supabase/config.toml');
    const schemas = /^schemas = \[(.*)\]$/m.exec(config)?.[1]?.replaceAll(/[" ]/g, '');
    const rows = /^max_rows = (\d+)$/m.exec(config)?.[1];
    expect(supabase['rest']?.environment).toMatchObject({
      PGRST_DB_SCHEMAS: schemas,
      PGRST_DB_MAX_ROWS: rows,
    });
  });

  it('mount files that are there', () => {
    const mounted = [...Object.values(ours), ...Object.values(supabase)]
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0] ?? '');
    expect(mounted.length).toBeGreaterThan(4);
    expect(mounted.filter((file) => globSync(file, { cwd: root }).length === 0)).toEqual([]);
  });
});

describe('Kong', () => {
  interface KongFile {
    readonly _format_version: string;
    readonly services: readonly {
      readonly name: string;
      readonly url: string;
      readonly routes: readonly { readonly paths: readonly string[]; readonly strip_path: boolean }[];
    }[];
  }
  const kong = readYaml('deploy/supabase/kong.yml') as KongFile;
  const aliases = new Set(Object.values(supabase).flatMap(({ networks }) => networks?.default.aliases ?? []));

  it('leads to services that are there', () => {
    expect(kong._format_version).toBe('2.1');
    const hosts = kong.services.map(({ url }) => new URL(url).hostname);
    expect(hosts.filter((host) => !(host in supabase) && !aliases.has(host))).toEqual([]);
  });

  it('calls Realtime by the name of its tenant, at /socket', () => {
    const routes = Object.fromEntries(
      kong.services.flatMap(({ url, routes }) =>
        routes.flatMap(({ paths }) => paths.map((one) => [one, url])),
      ),
    );
    expect(routes).toMatchObject({
      '/rest/v1/': 'http://rest:3000/',
      '/auth/v1/': 'http://auth:9999/',
      '/realtime/v1/': 'http://realtime-dev.supabase-realtime:4000/socket',
    });
  });
});

test('Prometheus asks the sidecars of docker-compose.yml', () => {
  interface PrometheusFile {
    readonly scrape_configs: readonly {
      readonly static_configs: readonly { readonly targets: string[] }[];
    }[];
  }
  const { scrape_configs: jobs } = readYaml('deploy/prometheus.yml') as PrometheusFile;
  const targets = jobs.flatMap(({ static_configs: configs }) => configs.flatMap(({ targets }) => targets));
  expect(targets).toEqual(['sidecar:8787', 'sidecar-2:8787']);
  for (const target of targets) expect(ours).toHaveProperty([target.split(':')[0] ?? '']);
});
