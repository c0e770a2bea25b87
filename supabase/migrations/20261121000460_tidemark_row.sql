-- What the sidecar's checker compares L2 values with: one row of a tracked table by its key. Owns the question, and
-- answers it for the sidecar alone. Safe to run again.

-- The row that has the encoded key, as its columns are named; null: there is none. A key that is a plain column is
-- looked up as one, so that its index is used. Any other key is computed for every row, in small tables only: a
-- checker must not become a load.
-- The settings are those of the triggers: the same row gives the same key here and there.
create or replace function public.tidemark_row(target text, encoded_key text) returns jsonb
language plpgsql security definer
set search_path = '' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601' set timezone = 'UTC'
set extra_float_digits = 1 set bytea_output = 'hex'
as $$
declare
  max_scanned constant integer := 10000;
  tracked tidemark.watch;
  name text;
  relation oid;
  lookup text;
  key_type text;
  answer jsonb;
begin
  select w.* into tracked from tidemark.watch w where w.tbl = target;
  if not found then
    raise exception '% is not tracked', coalesce(target, 'null') using errcode = 'undefined_object';
  end if;
  name := format('%I.%I', tracked.schema_name, tracked.table_name);
  relation := name::regclass;

  select format('(%I)::text', a.attname), format(
    '%I = %L::%s and ',
    a.attname, replace(replace(encoded_key, '%3A', ':'), '%25', '%'), format_type(a.atttypid, a.atttypmod)
  ) into key_type, lookup
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_type t on t.oid = a.atttypid and t.typcategory <> 'A'
  where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attname = tracked.key;

  if lookup is null then
    if (select c.reltuples from pg_catalog.pg_class c where c.oid = relation) > max_scanned then
      raise exception 'the key of % is no column, and the table is too large to be searched for it', target
        using errcode = 'program_limit_exceeded';
    end if;
    execute format(e'select pg_typeof((%s\n))::text from %s limit 1', tracked.key, name) into key_type;
    key_type := format(e'(%s\n)::%s', tracked.key, case when key_type like '%[]' then 'text[]' else 'text' end);
  end if;
  -- Also for a column: a key that is spelt otherwise than the column turns into text is another key to the cache.
  execute format(
    'select to_jsonb(found) from %s as found where %s tidemark.encode_key(%s) = %L limit 1',
    name, coalesce(lookup, ''), key_type, encoded_key
  ) into answer;
  return answer;
exception when invalid_text_representation or datetime_field_overflow or numeric_value_out_of_range then
  -- The key can be none of the column's values.
  return null;
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_row(text, text)');

select tidemark.close_functions();
