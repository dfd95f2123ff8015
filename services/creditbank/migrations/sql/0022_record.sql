-- A learner's timeline is walked in the order in which things happened, newest first, by each agent the learner is.
create index ix_xapi_statement_actor_happened_at on xapi_statement (actor, happened_at, position) where actor is not null

-- A key by which statements of an organisation are found, as xapi/statements/keys.py makes it.
create function xapi_key(organisation uuid, kind text, value text) returns uuid
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select encode(substring(sha256(convert_to(replace(organisation::text, '-', '') || ' ' || kind, 'UTF8')
    || '\x00'::bytea || convert_to(value, 'UTF8')) for 16), 'hex')::uuid
$$

-- The keys of the statements that are a person's record: of every agent the person is, at every organisation of the
-- person's line; others who know an address add nothing to a life. A key counts from one position until before another.
create function xapi_keys_of(holder bigint, numbers bigint[], issuer text)
returns table (organisation uuid, key uuid, since bigint, until bigint)
language sql stable rows 20 set search_path = pg_catalog, public, pg_temp as $$
  select p.organisation, xapi_actor_key(p.organisation, a.agent), xapi_position(a.since), xapi_position(a.until)
  from (
    select distinct unnest(x.ancestors) as organisation
    from learner_organisation o join institution x on x.id = o.organisation where o.learner = holder
  ) p cross join xapi_agents_of(numbers, issuer) a
$$

-- The newest statements with a key that happened before a place, and the newest entries of a book before one. Always a
-- walk over the index in its order, whatever the planner believes of how many there are: a learner may have a million.
create function xapi_newest(
  sought uuid, first bigint, beyond bigint, happened timestamptz, place bigint, oldest timestamptz, most integer)
returns table (placed timestamptz, "position" bigint, organisation uuid, verb uuid, object uuid)
language plpgsql stable rows 50
set search_path = pg_catalog, public, pg_temp set enable_bitmapscan = off set enable_seqscan = off set enable_sort = off
as $$
begin
  return query select s.happened_at, s.position, s.organisation, s.verb, s.object from xapi_statement s
    where s.actor = sought and (s.happened_at, s.position) < (happened, place) and s.happened_at >= oldest
      and s.position >= first and s.position < beyond and not s.voided
    order by s.happened_at desc, s.position desc limit most;
end $$

create function newest_entries(
  of_learner bigint, of_scheme smallint, beyond integer, oldest timestamptz, before timestamptz, most integer)
returns table (recorded_at timestamptz, sequence integer)
language plpgsql stable rows 50
set search_path = pg_catalog, public, pg_temp set enable_bitmapscan = off set enable_seqscan = off set enable_sort = off
as $$
#variable_conflict use_column
begin
  return query select e.recorded_at, e.sequence from entry e
    where e.learner = of_learner and e.scheme = of_scheme and e.sequence < beyond
      and e.recorded_at >= oldest and e.recorded_at < before
    order by e.sequence desc limit most;
end $$
