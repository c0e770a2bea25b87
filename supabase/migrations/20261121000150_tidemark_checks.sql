-- What track asks before it touches a table: is it one that triggers can follow, is the key a key, are the prefixes
-- prefixes. Owns the refusals and their words; changes nothing. Safe to run again.

create or replace function tidemark.check_prefixes(prefixes text[]) returns void
language plpgsql immutable
set search_path = ''
as $$
declare
  max_prefixes constant integer := 32;
  prefix text;
begin
  if cardinality(prefixes) > max_prefixes then
    raise exception 'a table feeds at most % prefixes, got %', max_prefixes, cardinality(prefixes)
      using errcode = 'program_limit_exceeded', hint = 'Let the regions share a prefix, or split the table.';
  end if;
  foreach prefix in array prefixes loop
    -- No space, no character of a Redis pattern, no empty last part.
    if prefix is null or prefix !~ '^[^[:space:][:cntrl:]*?\[\]\\]{1,200}$' or prefix ~ ':$' then
      raise exception 'a prefix must be 1 to 200 characters and not end in ":", got %', quote_nullable(prefix)
        using errcode = 'invalid_parameter_value',
          hint = 'Spaces, control characters and "*", "?", "[", "]", "\" are not allowed in it.';
    end if;
  end loop;
end
$$;

-- The table of that name, as the journal writes it.
create or replace function tidemark.find_table(target text) returns regclass
language plpgsql stable
set search_path = ''
as $$
declare
  found_relation record;
begin
  select c.oid, c.relkind, c.relpersistence, n.nspname, c.relname into found_relation
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname || '.' || c.relname = target and c.relkind in ('r', 'p', 'v', 'm', 'f');
  if not found then
    raise exception 'there is no table %', coalesce(target, 'null')
      using errcode = 'undefined_table', hint = 'Name it as schema.table, without quotes.';
  end if;
  if found_relation.relkind in ('v', 'm') then
    raise exception '% is a view, and views have no changes of their own', target
      using errcode = 'wrong_object_type', hint = 'Track the tables it reads, and name them all in the region.';
  end if;
  if found_relation.relkind = 'f' then
    raise exception '% is a foreign table: it changes on another server, where no trigger of this one sees it', target
      using errcode = 'wrong_object_type', hint = 'Install the journal on that server.';
  end if;
  if found_relation.relpersistence = 't'
    or found_relation.nspname in ('pg_catalog', 'information_schema', 'tidemark')
  then
    raise exception '% is a temporary table, a system table or the journal itself', target
      using errcode = 'wrong_object_type';
  end if;
  if found_relation.nspname ~ '\.' or found_relation.relname ~ '\.' then
    raise exception '% has a dot in a name, so that "schema.table" would be ambiguous', target
      using errcode = 'invalid_name';
  end if;
  -- Records carry tables as keys of JSON objects, and the JSON.parse of Node 24 can take a key with a backslash for
  -- another one.
  if strpos(target, '\') > 0 then
    raise exception '% has a backslash in a name, which does not survive as a key of a JSON object', target
      using errcode = 'invalid_name', hint = 'Rename the table, or its schema.';
  end if;
  return found_relation.oid;
end
$$;

-- The expression that makes the encoded key of a row, and the columns it reads. PostgreSQL itself says what they are:
-- a view is made of the key and dropped again. The key stands in a WHERE clause too, which admits no aggregate,
-- window or set-returning function.
create or replace function tidemark.check_key(relation regclass, key text, out encoded text, out key_columns text[])
language plpgsql
set search_path = ''
as $$
declare
  is_tuple boolean;
  reads_elsewhere boolean;
begin
  begin
    -- The line feed ends a comment at the end of the expression.
    execute format(
      e'create view tidemark.probe as select (%1$s\n) as key from %2$s where (%1$s\n) is not null', key, relation
    );
  exception when others then
    raise exception 'the key % does not fit a row of %: %', quote_nullable(key), relation, sqlerrm
      using errcode = 'invalid_parameter_value',
        hint = 'A key is a column, an SQL expression over the columns of one row, or an array of such expressions.';
  end;
  select t.typcategory = 'A' into is_tuple
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid
  where a.attrelid = 'tidemark.probe'::regclass and a.attname = 'key';

  select
    coalesce(array_agg(distinct a.attname || ' ' || a.atttypid) filter (where a.attnum is not null), '{}'),
    coalesce(bool_or(d.refobjid <> relation), false)
    into key_columns, reads_elsewhere
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.ev_class
  left join pg_catalog.pg_attribute a
    on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and d.refobjid = relation and a.attnum > 0
  where r.ev_class = 'tidemark.probe'::regclass;

  drop view tidemark.probe;
  if reads_elsewhere then
    raise exception 'the key % of % reads another table: a change there would change keys without a change here',
      quote_literal(key), relation
      using errcode = 'invalid_parameter_value';
  end if;
  encoded := format(e'tidemark.encode_key((%s\n)::%s)', key, case when is_tuple then 'text[]' else 'text' end);
end
$$;

-- The table, its partitions and the tables that inherit from it.
create or replace function tidemark.members(relation regclass) returns setof regclass
language sql stable
set search_path = ''
begin atomic
  with recursive member (oid) as (
    select relation::oid
    union
    select i.inhrelid from member m join pg_catalog.pg_inherits i on i.inhparent = m.oid
  )
  select oid::regclass from member;
end;

select tidemark.close_functions();
