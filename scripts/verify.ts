// Every check that needs no server: formatting, lint (type-aware), types, dead code, packages. Used by `npm test`.
import { runSteps } from './steps.ts';

process.exitCode = (await runSteps()).failed === 0 ? 0 : 1;
