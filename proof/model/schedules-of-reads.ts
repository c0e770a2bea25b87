// What the read path, L2, the lease and own writes rest on: schedules, by the names of their knock-outs. schedules.ts says what they are.

export const readSchedules: Readonly<Record<string, string>> = {
  'fill over a trimmed log': `
sidecars 1
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1/tidemark-cache
  work 0 i1/queries             # the fill of i1 is under way, noted at 1-0
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s0                # 1-1 names x
  trim m:tidemark:main:log 0
  serve i1 tidemark-cache
  read i0 a x
  work 0 i0/tidemark-cache`,

  'fill of any generation': `
sidecars 1
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1/tidemark-cache
  work 0 i1/queries             # the fill of i1 is under way, noted at 1-0
  change t.a x
  commit 0
  acknowledge
  work 600 i0 s0                # 1-1 names x
  cut s0 tidemark-engine
  work 600 i0 s0                # 2-0 follows 1-1
  serve i1 tidemark-cache
  read i0 a x
  work 0 i0/tidemark-cache`,

  'position of many taken after the load': `
sidecars 1
  work 3000 i0 s0
  read-many i0 a x y
  work 0 i0/tidemark-cache
  query i0 0                    # the database has answered, the answer is under way
  change t.a x
  commit 0
  acknowledge                   # and no round runs any more
  time 2000
  query i0 0
  time 500`,

  'floors forgotten by a claim': `
sidecars 1
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1                     # x is in L2
  change t.a *
  commit 0
  acknowledge
  work 600 i0 s0                # 1-1 names the whole table
  cut s0 tidemark-engine
  work 600 i0 s0                # 2-0 follows 1-1
  read i0 a x
  work 0 i0/tidemark-cache`,

  'lease not asked again': `
sidecars 1
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1                     # x is in L2
  change t.a x
  commit 0
  acknowledge                   # and no round runs any more
  time 1490
  read i0 a x                   # the last moment of the lease
  time 700
  read i0 a x                   # joins
  work 0 i0/tidemark-cache`,

  'no hold on a write': `
sidecars 1
  work 3000 i0 i1 s0
  read i1 a x
  work 0 i1                     # x is in L2
  cut i0 tidemark-cache
  write i0 a x
  work 0 i0/queries             # committed; Redis could not be told
  connect i0 tidemark-cache
  read i0 a x
  work 0 i0/tidemark-cache`,
};
