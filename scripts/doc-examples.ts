// Compiles the `ts` blocks of the documentation, so that no example says what the code does not do. Each block becomes a
// module of its own; what it may take for granted is in docs/examples.d.ts.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = '.tidemark/doc-examples';
const documents = [
  'README.md',
  'docs/**/*.md',
  '{packages,examples}/*/README.md',
  '{sidecar,supabase}/README.md',
];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

let count = 0;
for (const document of documents.flatMap((pattern) => globSync(pattern))) {
  if (document.includes('node_modules')) continue;
  for (const [, code = ''] of readFileSync(document, 'utf8').matchAll(/^```ts\n(.*?)^```/gms)) {
    count += 1;
    const name = `${document.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}-${count}.ts`;
    writeFileSync(path.join(folder, name), `// from ${document}\n${code}\nexport {};\n`);
  }
}

writeFileSync(
  path.join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noUnusedLocals: false,
      rootDir: '../..',
      // As a user would import them; the packages are not installed at the root.
      paths: {
        '@tidemark/cache/opentelemetry': ['../../packages/cache/src/opentelemetry/observe-cache.ts'],
        '@tidemark/*': ['../../packages/*/src/index.ts'],
        '@opentelemetry/api': ['../../packages/cache/node_modules/@opentelemetry/api/build/src/index.d.ts'],
        zod: ['../../packages/stores/node_modules/zod/index.d.ts'],
        '@supabase/supabase-js': [
          '../../packages/engine/node_modules/@supabase/supabase-js/dist/index.d.mts',
        ],
      },
    },
    include: ['*.ts', '../../docs/examples.d.ts'],
  }),
);

const result = spawnSync('node_modules/.bin/tsc', ['-p', folder], { encoding: 'utf8' });
process.stdout.write(result.stdout);
console.log(`${count} examples compiled`);
process.exitCode = result.status ?? 1;
