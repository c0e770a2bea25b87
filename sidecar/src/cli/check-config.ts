// tidemark check-config: is the configuration one that the sidecar starts with? Every problem at once; reaches out to
// nobody, which is what `tidemark doctor` is for.
import { ConfigError } from '../config/config-error.ts';
import { resolveSettings } from '../config/config.ts';
import { jsonSchemaText } from '../config/file-schema.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';

export const checkConfig: Command = {
  name: 'check-config',
  summary: 'list every problem of the configuration',
  usage: '',
  details: 'Reads flags, environment and file as the sidecar does, and connects to nothing.',
  flags: { schema: { meaning: 'print the JSON Schema of the file instead, for editors' } },
  async run(context) {
    if (context.flags.has('schema')) {
      context.out(jsonSchemaText().trimEnd());
      return exitCodes.fine;
    }
    const problems = problemsOf(context);
    if (context.isJson) context.out(JSON.stringify({ isValid: problems.length === 0, problems }));
    else if (problems.length === 0) context.out('the configuration is valid');
    else for (const problem of problems) context.out(`- ${problem}`);
    return problems.length === 0 ? exitCodes.fine : exitCodes.misused;
  },
};

function problemsOf({ settings }: CommandContext): readonly string[] {
  try {
    resolveSettings(settings);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
