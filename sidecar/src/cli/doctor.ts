// tidemark doctor: examines the whole deployment from here, says one sentence about each part, and what mends it. Changes
// nothing but for a canary in the journal, of a key that no row has.
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checks } from '../doctor/checks.ts';
import { configurationCheck } from '../doctor/configuration.ts';
import { cureSql } from '../doctor/cure.ts';
import { readDoctorConfig } from '../doctor/doctor-config.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding, FindingStatus } from '../doctor/finding.ts';
import { Patient } from '../doctor/patient.ts';
import { UsageError } from './cli-error.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';
import { migrationStamp } from './track-migration.ts';

const defaultFolder = 'supabase/migrations';

export const doctor: Command = {
  name: 'doctor',
  summary: 'examine the whole deployment, and say what to do',
  usage: '[--fix [--dir FOLDER]]',
  details:
    'Writes a change of a key that no row has into the journal, to see where it arrives; changes nothing else. Exit code 1 when something fails; warnings alone are 0.',
  flags: {
    fix: {
      meaning: 'write all SQL that mends what was found into a migration, to be read and applied by you',
    },
    dir: { value: 'FOLDER', meaning: `where migrations are; default ${defaultFolder}` },
  },
  async run(context) {
    const { config, problems } = readDoctorConfig(context.settings);
    const { clock, signal, isJson, out } = context;
    await using patient = new Patient({ config, clock, signal });
    const findings = await examine({
      patient,
      checks: [configurationCheck(problems), ...checks],
      onFinding: (finding) => {
        if (!isJson) for (const line of linesOf(finding)) out(line);
      },
    });
    const isHealthy = !findings.some(({ status }) => status === 'fail');
    const fix = context.flags.has('fix') ? await writeFix(context, findings) : null;
    if (isJson) out(JSON.stringify({ isHealthy, findings, fix }));
    else for (const line of summaryOf(findings, { isAsked: context.flags.has('fix'), fix })) out(line);
    return isHealthy ? exitCodes.fine : exitCodes.findings;
  },
};

const width = Math.max(...checks.map(({ name }) => name.length));

function linesOf({ check, status, sentence, sql = [], command }: Finding): string[] {
  return [
    `${status.padEnd('skipped'.length)}  ${check.padEnd(width)}  ${sentence}`,
    ...sql.map((statement) => `         sql: ${statement}`),
    ...(command === undefined ? [] : [`         run: ${command}`]),
  ];
}

interface Fix {
  readonly isAsked: boolean;
  /** The file that was written. */
  readonly fix: string | null;
}

function summaryOf(findings: readonly Finding[], { isAsked, fix }: Fix): string[] {
  const count = (wanted: FindingStatus): number => findings.filter(({ status }) => status === wanted).length;
  const hasCure = findings.some(({ sql = [] }) => sql.length > 0);
  const summary = `${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failed, ${count('skipped')} skipped`;
  if (fix !== null) return ['', summary, `wrote ${fix}: read it, then apply it with "supabase db push"`];
  if (isAsked) return ['', summary, 'there is nothing that SQL would mend: no file was written'];
  return hasCure ? ['', summary, 'tidemark doctor --fix writes the SQL into a migration'] : ['', summary];
}

async function writeFix(
  { flags, clock }: CommandContext,
  findings: readonly Finding[],
): Promise<string | null> {
  const sql = cureSql(findings);
  if (sql === null) return null;
  const folder = flags.get('dir') ?? defaultFolder;
  try {
    const stamp = migrationStamp({ now: new Date(clock.wallMs()), existing: await readdir(folder) });
    const file = path.join(folder, `${stamp}_tidemark_doctor.sql`);
    await writeFile(file, sql, { flag: 'wx' });
    return file;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `the folder of the migrations must be one that can be written to, got ${folder} (${code}): name it by --dir`,
    );
  }
}
