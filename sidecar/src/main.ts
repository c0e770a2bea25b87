// The process: the only file that reads the environment, hears signals and exits. Exit code 0 after SIGTERM or SIGINT, 1
// when it can't be started as configured: then the standard error names every problem, one sentence a line.
import { ConfigError } from './config/config-error.ts';
import { resolveConfig, type SidecarConfig } from './config/config.ts';
import { secretsOf } from './config/secrets.ts';
import { helpText } from './config/settings.ts';
import { createLogger } from './log/logger.ts';
import { createRedactor, type Redactor } from './log/redact.ts';
import { startSidecar } from './sidecar.ts';
import { SidecarRefusal } from './sidecar-refusal.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) process.stdout.write(helpText());
else await run();

async function run(): Promise<void> {
  const config = readConfig();
  const redact = createRedactor(secretsOf(config));
  const logger = createLogger({
    level: config.logLevel,
    redact,
    write: (line) => process.stdout.write(line),
  });
  process.on('uncaughtException', (error) => {
    logger.error(
      { reason: error.message, stack: error.stack },
      'an error that nobody handled ends the process',
    );
    process.exit(1);
  });

  // As the first process of a container, one without handlers would not hear these signals at all.
  const stopping = Promise.withResolvers<'stopping'>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'stopping');
      stopping.resolve('stopping');
    });
  }
  const starting = startSidecar(config, { logger, ownsProcess: true }).catch((error: unknown) =>
    refuse(error, redact),
  );
  const sidecar = await Promise.race([starting, stopping.promise]);
  if (sidecar !== 'stopping') {
    await stopping.promise;
    await sidecar.close();
  }
  process.exit(0);
}

function readConfig(): SidecarConfig {
  try {
    return resolveConfig({ args, env: process.env });
  } catch (error) {
    return refuse(error, (text) => text);
  }
}

function refuse(error: unknown, redact: Redactor): never {
  if (!(error instanceof ConfigError || error instanceof SidecarRefusal)) throw error;
  const { problems } = error;
  const title =
    problems.length === 1
      ? 'tidemark-sidecar can not start:'
      : `tidemark-sidecar can not start, for ${problems.length} reasons:`;
  process.stderr.write(redact(`${title}\n${problems.map((problem) => `- ${problem}\n`).join('')}`));
  process.exit(1);
}
