-- What a sidecar streams that takes its hints from PostgreSQL itself: the table and the transaction of each new row of
-- the journal, never a key. Owns the publication and nothing else; without a subscriber it costs writers nothing.
-- Pruning stays untold. Safe to run again.

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'tidemark') then
    create publication tidemark for table tidemark.change (tbl, xid) with (publish = 'insert');
  end if;
exception when insufficient_privilege then
  raise warning 'tidemark: the publication for direct hints was not made (%): run create publication tidemark for table tidemark.change (tbl, xid) with (publish = ''insert'') as a role that may create in this database',
    sqlerrm;
end
$$;
