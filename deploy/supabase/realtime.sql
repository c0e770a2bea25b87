-- What Realtime expects before its own migrations: the schema of its tenants, and the publication it reads.
create schema if not exists _realtime;
alter schema _realtime owner to supabase_admin;
do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;
