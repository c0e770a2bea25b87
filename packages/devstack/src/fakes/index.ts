// What tests put in place of time and logs. An entry point of its own: a test that needs no server loads none.
export { FakeClock, settle } from './fake-clock.ts';
export { type LogLine, RecordedLog } from './recorded-log.ts';
