// What the listener rests on: schedules, by the names of their knock-outs. schedules.ts says what they are.

export const listenerSchedules: Readonly<Record<string, string>> = {
  'no predecessor check': `
sidecars 1
  work 3000 i0 s0
  read i0 a x
  work 0 i0                     # x is an entry of i0
  change t.a x
  commit 0
  acknowledge
  work 600 s0                   # 1-1 names x
  lose i0 tidemark-listener
  change t.a y
  commit 0
  acknowledge
  work 500 s0                   # 1-2 names y
  hear i0 tidemark-listener`,

  'mark taken when the head arrives': `
sidecars 1
  work 3000 i0 s0
  read i0 a x
  work 0 i0                     # x is an entry of i0
  time 250
  work 0 i0/timers
  serve i0 tidemark-cache       # the head says that seven rounds have begun
  time 250
  work 0 s0                     # the eighth is begun and done
  change t.a x
  commit 0
  acknowledge
  time 500
  answer i0 tidemark-cache      # the head of before the commit arrives after it
  time 250
  work 0 i0/timers i0/tidemark-cache
  time 1400`,

  'generation ignored by readings': `
sidecars 1
  work 3000 i0 s0
  read i0 a x
  work 700 i0 s0                # x is an entry of i0, and in L2
  change t.a x
  commit 0
  acknowledge
  time 300
  work 0 i0                     # a reading after the commit
  cut i0 tidemark-listener
  work 0 s0/timers
  serve s0 tidemark-engine      # a round begins
  split                         # a copy that has this begin and not its publish
  answer s0 tidemark-engine
  work 0 s0/queries
  serve s0 tidemark-engine      # 1-1 names x
  cut s0 tidemark-engine        # the reply is lost
  time 250
  work 0 i0/timers
  serve i0 tidemark-cache
  answer i0 tidemark-cache      # the reading is proved, the mark waits for 1-1
  connect i0 tidemark-listener stray
  connect s0 tidemark-engine stray
  work 0 s0                     # on the copy: 2-0 follows 1-0, 2-1 names x
  hear i0 tidemark-listener     # 2-0 is past 1-1, and x is not overtaken
  time 1600`,

  'lease kept over a reset': `
sidecars 2
  work 3000 i0 s0
  read i0 a x
  work 0 i0                     # x is in L2
  split
  connect s1 tidemark-engine stray
  work 2400 i0 s0 s1            # on the stray the head stands still
  change t.a x
  commit 0
  acknowledge
  work 550 i0 s0 s1             # 1-1 names x; i0 has a mark after the commit
  time 50
  work 0 s1/timers
  serve s1 tidemark-engine
  answer s1 tidemark-engine
  work 0 s1/queries
  serve s1 tidemark-engine      # s1 takes the stray over: 2-0 follows 1-0
  cut i0 tidemark-cache
  connect i0 tidemark-cache stray
  work 0 i0/tidemark-cache      # i0 resets to 2-0
  read i0 a x
  work 0 i0/tidemark-cache i0/queries
  time 1450`,
};
