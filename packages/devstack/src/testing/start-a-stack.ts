// Run by a test as a process of its own, to be killed: starts a stack, says what belongs to it, and waits for ever.
// With the argument "talk" it passes on every line the parts log, so that the test can kill it half way.
import { startStack } from '../stack.ts';

const isTalking = process.argv.includes('talk');
const stack = await startStack({
  faults: ['redis'],
  onLog: (part, line) => {
    if (isTalking) console.log(`${part}: ${line}`);
  },
});
console.log(
  JSON.stringify({
    pids: [stack.postgres.pid, stack.redis.pid, stack.dataApi.pid, stack.watchdog.pid],
    dataFolder: stack.postgres.dataFolder,
  }),
);
