/**
 * Functions about single values, as the specification of the move states them, for the session's own schema: nothing of
 * them outlives it. They read the old database's types alone.
 */
export const valueFunctions: readonly string[] = [
  // What JavaScript, in which the old application was written, takes for white space around a text.
  String.raw`create function pg_temp.trimmed(value text) returns text immutable strict language sql as $$
    select btrim(value, E' \t\n\x0b\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff')
  $$`,
  `create function pg_temp.address(value text) returns text immutable strict language sql as $$
    select lower(pg_temp.trimmed(value))
  $$`,
  `create function pg_temp.is_id(value text) returns boolean immutable strict language sql as $$
    select length(value) between 1 and 64 and value collate "C" !~ '[^A-Za-z0-9_-]'
  $$`,
  `create function pg_temp.is_time(value timestamp) returns boolean immutable language sql as $$
    select value is null or (value >= timestamp '0001-01-01' and value < timestamp '10000-01-01')
  $$`,
  // Times have no zone there and mean UTC; those outside the years 1 to 9999 mean nothing.
  `create function pg_temp.utc(value timestamp) returns timestamptz immutable language sql as $$
    select case when pg_temp.is_time(value) then value at time zone 'UTC' end
  $$`,
  `create function pg_temp.compact(given jsonb) returns text immutable strict language plpgsql as $$
    begin
      return case jsonb_typeof(given)
        when 'object' then '{' || coalesce((
          select string_agg(to_json(e.key)::text || ':' || pg_temp.compact(e.value), ',' order by e.n)
            from jsonb_each(given) with ordinality e(key, value, n)), '') || '}'
        when 'array' then '[' || coalesce((
          select string_agg(pg_temp.compact(e.value), ',' order by e.n)
            from jsonb_array_elements(given) with ordinality e(value, n)), '') || ']'
        when 'number' then case when given::text like '%.%' then rtrim(rtrim(given::text, '0'), '.') else given::text end
        else given::text
      end;
    end $$`,
  `create function pg_temp.said(given jsonb) returns text immutable language sql as $$
    select case when jsonb_typeof(given) = 'string' then nullif(pg_temp.trimmed(given #>> '{}'), '') end
  $$`,
  `create function pg_temp.plain(given jsonb) returns text immutable strict language sql as $$
    select case jsonb_typeof(given)
      when 'null' then null
      when 'string' then given #>> '{}'
      when 'object' then coalesce(pg_temp.said(given -> 'name'), pg_temp.said(given -> 'label'), pg_temp.said(given -> 'code'), pg_temp.compact(given))
      else pg_temp.compact(given)
    end
  $$`,
  // Trimmed, not empty, each once whatever its case, the first of them kept.
  `create function pg_temp.distinct_texts(texts text[]) returns text[] immutable language sql as $$
    select coalesce(array_agg(t.text order by t.n), '{}') from (
      select distinct on (lower(pg_temp.trimmed(e.text))) pg_temp.trimmed(e.text) as text, e.n
        from unnest(texts) with ordinality e(text, n)
       where pg_temp.trimmed(e.text) <> ''
       order by lower(pg_temp.trimmed(e.text)), e.n) t
  $$`,
  // R-CAPS, and what counties and cities have in common with it.
  `create function pg_temp.texts(given jsonb) returns text[] immutable language sql as $$
    select case jsonb_typeof(given)
      when 'string' then string_to_array(given #>> '{}', ',')
      when 'array' then array(select pg_temp.plain(e.value) from jsonb_array_elements(given) with ordinality e(value, n) order by n)
      when 'null' then '{}'
      else array[pg_temp.plain(given)]
    end
  $$`,
  `create function pg_temp.abilities(given jsonb) returns text[] immutable language plpgsql as $$
    declare
      lists constant text[] := array['transportLevels', 'specialServices', 'specialCapabilities', 'specialEquipment', 'equipment'];
      found text[] := '{}';
      list text;
    begin
      if given is null then return '{}'; end if;
      if jsonb_typeof(given) <> 'object' then return pg_temp.texts(given); end if;
      if given ?| lists then
        foreach list in array lists loop found := found || pg_temp.abilities(given -> list); end loop;
        return found;
      end if;
      return array(
        select case when e.value = 'true' then e.key
                    when jsonb_typeof(e.value) = 'string' then e.key || ':' || (e.value #>> '{}')
                    else e.key || ':' || pg_temp.compact(e.value) end
          from jsonb_each(given) with ordinality e(key, value, n)
         where e.value not in ('false', 'null') order by n);
    end $$`,
  `create function pg_temp.capabilities(given jsonb) returns text[] immutable language sql as $$
    select pg_temp.distinct_texts(pg_temp.abilities(given))
  $$`,
  // R-COORD.
  `create function pg_temp.place(given jsonb) returns float8[] immutable language plpgsql as $$
    declare
      lat jsonb := case when jsonb_typeof(given) = 'array' then given -> 0 when given ? 'lat' then given -> 'lat' else given -> 'latitude' end;
      lng jsonb := case when jsonb_typeof(given) = 'array' then given -> 1 when given ? 'lat' then given -> 'lng' else given -> 'longitude' end;
      found float8[];
    begin
      if jsonb_typeof(given) = 'array' and jsonb_array_length(given) <> 2 then return null; end if;
      if jsonb_typeof(lat) is distinct from 'number' or jsonb_typeof(lng) is distinct from 'number' then return null; end if;
      found := array[(lat #>> '{}')::float8, (lng #>> '{}')::float8];
      if found[1] not between -90 and 90 or found[2] not between -180 and 180 or found = array[0, 0]::float8[] then return null; end if;
      return found;
    end $$`,
  // R-AREA, without the names of service areas.
  `create function pg_temp.listed(prefix text, given jsonb) returns text[] immutable language sql as $$
    select array(select prefix || pg_temp.trimmed(c) from unnest(pg_temp.texts(given)) with ordinality e(c, n)
                  where jsonb_typeof(given) in ('string', 'array') and pg_temp.trimmed(c) <> '' order by n)
  $$`,
  // A number of miles, between a hundredth and the way around the earth.
  String.raw`create function pg_temp.miles(given jsonb) returns numeric immutable language sql as $$
    select trim_scale(m.miles) from (
      select case jsonb_typeof(given)
        when 'number' then (given #>> '{}')::numeric
        when 'string' then (regexp_match(given #>> '{}', '^\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(?:mi|miles?)?\s*$', 'i'))[1]::numeric
      end as miles) m where m.miles between 0.01 and 25000
  $$`,
  String.raw`create function pg_temp.area(given jsonb) returns text[] immutable language plpgsql as $$
    declare
      found text[] := '{}';
      place float8[];
      radius numeric;
    begin
      if given is null then return '{}'; end if;
      if jsonb_typeof(given) in ('string', 'array') then return pg_temp.texts(given); end if;
      if jsonb_typeof(given) <> 'object' then return '{}'; end if;
      found := pg_temp.listed('county:', given -> 'counties') || pg_temp.listed('city:', given -> 'cities');
      place := pg_temp.place(given -> 'center');
      radius := pg_temp.miles(given -> 'radius');
      if place is not null and radius is not null then
        found := found || ('radius:' || radius || 'mi@' || place[1]::text::numeric || ',' || place[2]::text::numeric);
      end if;
      return found || pg_temp.area(given -> 'primary') || pg_temp.area(given -> 'secondary');
    end $$`,
  // R-HOURS.
  String.raw`create function pg_temp.clock(value text) returns text immutable language plpgsql as $$
    declare
      part text[] := regexp_match(pg_temp.trimmed(value), '^(\d{1,2}):(\d{2})(?::\d{2})?(?:\s*([AaPp])\.?[Mm]\.?)?$');
      hour int := part[1]::int;
    begin
      if part is null or part[2]::int > 59 then return null; end if;
      if part[3] is not null then
        if hour not between 1 and 12 then return null; end if;
        hour := hour % 12 + case when lower(part[3]) = 'p' then 12 else 0 end;
      end if;
      if hour > 24 then return null; end if;
      return to_char(hour, 'FM00') || ':' || part[2];
    end $$`,
  `create function pg_temp.span(given jsonb) returns text immutable language sql as $$
    select coalesce(pg_temp.clock(given ->> 'start') || '-' || pg_temp.clock(given ->> 'end'),
                    pg_temp.clock(given ->> 'open') || '-' || pg_temp.clock(given ->> 'close'))
  $$`,
  `create function pg_temp.week(given jsonb) returns text immutable language plpgsql as $$
    declare
      days constant text[] := array['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
      long constant text[] := array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
      spans text[] := array_fill(null::text, array[7]);
      told int[] := '{}';
      entry record;
      day int;
      first int;
      parts text[] := '{}';
    begin
      if given = '{}' then return null; end if;
      for entry in select * from jsonb_each(given) loop
        day := coalesce(array_position(long, lower(entry.key)), array_position(days, initcap(entry.key)));
        if day is null or day = any(told) then return null; end if;
        told := told || day;
        continue when entry.value = 'null' or entry.value -> 'closed' = 'true';
        spans[day] := pg_temp.span(entry.value);
        if spans[day] is null then return null; end if;
      end loop;
      if spans = array_fill('00:00-23:59'::text, array[7]) then return '24/7'; end if;
      day := 1;
      while day <= 7 loop
        first := day;
        while day < 7 and spans[day + 1] = spans[first] loop day := day + 1; end loop;
        if spans[first] is not null then
          parts := parts || (days[first] || case when day > first then '-' || days[day] else '' end || ' ' || spans[first]);
        end if;
        day := day + 1;
      end loop;
      return nullif(array_to_string(parts, '; '), '');
    end $$`,
  // Days may be a list.
  `create function pg_temp.days(given jsonb) returns text immutable language sql as $$
    select case when jsonb_typeof(given) <> 'array' then pg_temp.said(given)
                else (select case when count(*) = count(pg_temp.said(e.value)) then string_agg(pg_temp.said(e.value), ', ' order by e.n) end
                        from jsonb_array_elements(given) with ordinality e(value, n)) end
  $$`,
  `create function pg_temp.periods(given jsonb) returns text immutable language sql as $$
    select case when given - 'primary' - 'secondary' = '{}' and count(*) = count(pg_temp.days(e.value -> 'days'))
                 and count(*) = count(pg_temp.said(e.value -> 'hours'))
           then string_agg(pg_temp.days(e.value -> 'days') || ' ' || pg_temp.said(e.value -> 'hours'), '; ' order by e.key) end
      from jsonb_each(given) e where e.value <> 'null'
  $$`,
  `create function pg_temp.hours(given jsonb, unknown text) returns text immutable language plpgsql as $$
    begin
      if given is null or given = 'null' then return unknown; end if;
      if jsonb_typeof(given) = 'string' then return coalesce(nullif(pg_temp.trimmed(given #>> '{}'), ''), unknown); end if;
      if jsonb_typeof(given) <> 'object' then return pg_temp.compact(given); end if;
      if given = '{"open": "24/7"}' then return '24/7'; end if;
      return coalesce(
        case when given - 'start' - 'end' = '{}' then pg_temp.span(given) end,
        case when given ?| array['primary', 'secondary'] then pg_temp.periods(given) end,
        pg_temp.week(given),
        pg_temp.compact(given));
    end $$`,
  // R-MONEY: the shortest decimal text of the number, half to even; more than numeric(10,2) holds is no amount.
  `create function pg_temp.half_even(amount numeric) returns numeric immutable strict language sql as $$
    select case when mod(amount * 100, 1) = 0.5 then 2 * round(amount * 50) / 100 else amount end
  $$`,
  String.raw`create function pg_temp.money(value float8) returns numeric immutable language sql as $$
    select case when value >= 0 and value < 99999999.995 then
      round(case when value * 100 <> round(value * 100) and value::text ~ '\.\d\d5$' then pg_temp.half_even(value::text::numeric) else value::text::numeric end, 2) end
  $$`,
  // R-PHI: the code of a patient stays if it is one of ours, or of the old demonstrations.
  `create function pg_temp.patient(value text, trip_id text) returns text immutable language sql as $$
    select case when length(value) = 9 and left(value, 1) = 'P' and substr(value, 2) collate "C" !~ '[^0-9A-F]' then value
                when value ~ '^(demo|test)-patient-[0-9]{1,6}$' then value
                else 'P-' || upper(left(encode(sha256(convert_to('patient ' || trip_id, 'UTF8')), 'hex'), 24)) end
  $$`,
  `create function pg_temp.trip_number(id text) returns text immutable strict language sql as $$
    select 'L-' || upper(overlay(overlay(left(md5(id), 15) placing '-' from 11 for 0) placing '-' from 6 for 0))
  $$`,
];
