// What the rounds rest on: schedules, by the names of their knock-outs. schedules.ts says what they are.

/** A memory that was kept, and taken to another server: the same position then names other changes there. */
const twoRecordsInOnePlace = `
sidecars 1
  work 3000 i0 s0
  read i0 a y
  work 0 i0                     # y is an entry of i0
  change t.a x
  commit 0
  acknowledge
  time 500
  work 0 s0/timers
  serve s0 tidemark-engine      # a round begins
  split                         # a copy that has this begin and not its publish
  answer s0 tidemark-engine
  work 0 s0/queries
  serve s0 tidemark-engine      # 1-1 names x
  cut s0 tidemark-engine        # the reply is lost
  work 0 i0                     # i0 is at 1-1
  change t.a y
  commit 0
  acknowledge
  cut i0 tidemark-cache
  connect i0 tidemark-cache stray
  cut i0 tidemark-listener
  connect i0 tidemark-listener stray
  connect s0 tidemark-engine stray
  work 3000 i0 s0               # on the copy 1-1 names x and y`;

export const roundSchedules: Readonly<Record<string, string>> = {
  'no compare on begin': `
sidecars 2
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1                     # x is an entry of i1
  work 3600 i0 s1               # s0 and i1 stand still; s1 takes over: 2-0
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s1                # 2-1 names x
  lose i1 tidemark-listener
  lose i1 tidemark-listener
  work 500 s0                   # begins over the head of s1, then claims it: 3-0 follows 1-0
  hear i1 tidemark-listener
  work 1000 i1/tidemark-cache i1/timers s0`,

  'no compare on publish': `
sidecars 2
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1/tidemark-cache
  work 0 i1/queries             # the fill of i1 is under way, noted at 1-0
  time 500
  work 0 s0/timers s0/tidemark-engine
  query s0 0                    # s0 has read that nothing changed, and stands still
  work 3600 i0 s1               # s1 takes over: 2-0
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s1                # 2-1 names x
  time 500
  work 0 s1/timers
  serve s1 tidemark-engine
  answer s1 tidemark-engine
  work 0 s1/queries             # s1 is about to publish
  query s0 0
  serve s0 tidemark-engine      # s0 publishes: the head is 1-0 again
  serve i1 tidemark-cache       # the fill finds the generation of its load
  serve s1 tidemark-engine      # s1 publishes and has noticed nothing
  read i0 a x
  work 0 i0/tidemark-cache`,

  'no compare on takeover': `
sidecars 1
  work 3000 i0 s0
  read i0 a x
  work 0 i0                     # x is in L2
  split
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s0                # 1-1 names x; on the stray x stays in L2
  cut s0 tidemark-engine
  connect s0 tidemark-engine
  work 0 s0/tidemark-engine     # the same position: a claim that keeps the floors
  cut s0 tidemark-engine
  connect s0 tidemark-engine stray
  work 0 s0/queries
  work 0 s0/tidemark-engine     # carried out on the stray
  cut i0 tidemark-cache
  connect i0 tidemark-cache stray
  work 0 i0/tidemark-cache
  read i0 a x
  work 0 i0/tidemark-cache`,

  'unlinked floor kept over lost writes': `
sidecars 1
  work 3000 i0 s0
  read i0 a x
  work 0 i0                     # x is in L2
  split
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s0                # 1-1 names x; on the stray x stays in L2
  cut s0 tidemark-engine
  connect s0 tidemark-engine stray
  work 0 s0                     # a Redis that lost writes: 2-0 follows 1-1
  cut i0 tidemark-cache
  connect i0 tidemark-cache stray
  work 0 i0/tidemark-cache
  read i0 a x
  work 0 i0/tidemark-cache`,

  'memory kept over a lost reply': twoRecordsInOnePlace,
  'connection of the memory not asked': twoRecordsInOnePlace,
};
