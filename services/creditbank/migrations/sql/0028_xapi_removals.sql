-- What was done with a whole record store: imports and exports by operators, prunings, erasures; never what was in it.
-- `agent` is the key of the agent that `filters` name. A pruning goes on after `position` until it has ended.
create table xapi_operation (
  id uuid constraint pk_xapi_operation primary key,
  organisation uuid not null,
  kind varchar not null
    constraint ck_xapi_operation_kind check (kind in ('import', 'export', 'pruning', 'erasure')),
  by uuid,
  filters json,
  agent uuid,
  statements bigint not null default 0,
  refused bigint not null default 0,
  kept bigint not null default 0,
  renamed bigint not null default 0,
  documents bigint not null default 0,
  position bigint not null default -1,
  begun_at timestamptz not null default now(),
  ended_at timestamptz
)

create index ix_xapi_operation_organisation_id on xapi_operation (organisation, id)

create index ix_xapi_operation_pruning on xapi_operation (id) where kind = 'pruning' and ended_at is null

-- Whose traces are still to be removed: an agent, in one organisation or in all, of what was stored within a span. The rows
-- of one erasure go when nothing is left.
create table xapi_erasure (
  id uuid constraint pk_xapi_erasure primary key,
  erasure uuid not null,
  organisation uuid,
  agent varchar not null,
  since timestamptz not null,
  until timestamptz not null
)

create index ix_xapi_erasure_erasure on xapi_erasure (erasure)

create index ix_xapi_statement_attachments on xapi_statement using gin (attachments) where attachments is not null

-- What is to be erased of people, given by their ids before these are cut: what their account at auth did anywhere, and
-- what the agents that name them did within the line of their organisations, as they read it in their own record.
create function begin_erasures(people uuid[], issuer text) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  with known as materialized (
    select p.id, h.number as holder, case when h.number = l.number
        then array(select m.number from learner m where m.number = h.number or m.merged_into = h.number)
        else array[l.number] end as numbers
    from (select distinct unnest(people) as id) p
    left join learner l on l.id = p.id
    left join learner h on h.number = coalesce(l.merged_into, l.number)
  ), whole as materialized (
    select gen_random_uuid() as erasure, holder, case when holder is null then id end as nobody
    from known group by 2, 3
  )
  insert into xapi_erasure (id, erasure, organisation, agent, since, until)
  select gen_random_uuid(), w.erasure, null, 'account ' || issuer || ' ' || k.id::text, '-infinity', 'infinity'
    from whole w join known k on k.holder = w.holder or k.id = w.nobody
  union all
  select gen_random_uuid(), w.erasure, p.organisation, a.agent, a.since, a.until
  from whole w
  cross join lateral (select distinct a.* from known k cross join xapi_agents_of(k.numbers, issuer) a
    where k.holder = w.holder and a.source <> 'account') a
  cross join lateral (select distinct unnest(x.ancestors) as organisation
    from learner_organisation o join institution x on x.id = o.organisation where o.learner = w.holder) p
$$

-- Takes away what statements, given by their positions, are found by because of others: those that target them, at any
-- distance. Returns the ids of these, whose echoes are to be made anew.
create function xapi_silence(p_organisation uuid, p_positions bigint[]) returns uuid[] language plpgsql as $$
declare
  v_positions bigint[];
  v_ids uuid[];
begin
  with recursive referring as (
      select s.id, s.position from xapi_statement s
      where s.organisation = p_organisation and s.target = any(array(
        select t.id from xapi_statement t where t.organisation = p_organisation and t.position = any(p_positions)))
    union
      select s.id, s.position from referring r
      join xapi_statement s on s.organisation = p_organisation and s.target = r.id
  )
  select array_agg(position), array_agg(id) into v_positions, v_ids from referring;
  with gone as (
    delete from xapi_echo where organisation = p_organisation and position = any(p_positions || v_positions)
    returning position, depth, mentions
  )
  delete from xapi_mention m using (select unnest(mentions) as key, position, depth from gone) g
  where m.key = g.key and m.position = g.position and m.depth = g.depth;
  return v_ids;
end
$$

-- Deletes contents, given by their hashes, that no statement names any more.
create function xapi_drop_contents(p_organisation uuid, p_hashes varchar[]) returns void language sql as $$
  delete from xapi_attachment a
  where a.organisation = p_organisation and a.sha2 = any(p_hashes) and not exists (
    select from xapi_statement s where s.organisation = p_organisation and s.attachments @> array[a.sha2])
$$

-- The one place where statements are removed, given by their positions, and with them what voids them, all they are found
-- by, their contents, and their places in deliveries; `p_for_good` those that may not come back. Returns how many were.
-- Nobody stores in the organisation meanwhile: who refers to them, or has the same contents, comes before or after.
create function remove_statements(p_organisation uuid, p_positions bigint[], p_for_good boolean) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_positions bigint[];
  v_referring uuid[];
  v_hashes varchar[];
  v_removed bigint;
begin
  perform pg_advisory_xact_lock(7011, hashtext(p_organisation::text));
  with given as materialized (
    select s.id, s.position from xapi_statement s
    where s.organisation = p_organisation and s.position = any(p_positions)
  )
  select array_agg(position) into v_positions from (
    select position from given
    union select v.position from given g
    join xapi_statement v on v.organisation = p_organisation and v.target = g.id and v.voiding > 0) as whole;
  if v_positions is null then
    return 0;
  end if;
  v_referring := xapi_silence(p_organisation, v_positions);
  with gone as (
    delete from xapi_statement s where s.organisation = p_organisation and s.position = any(v_positions)
    returning s.id, s.position, s.mentions, s.attachments
  ), unmentioned as (
    delete from xapi_mention m using (select unnest(mentions) as key, position from gone) g
    where m.key = g.key and m.position = g.position and m.depth = 0
  ), erased as (
    insert into xapi_erased (organisation, id) select p_organisation, id from gone where p_for_good
    on conflict do nothing
  )
  select count(*), (select array_agg(distinct h) from gone g cross join unnest(g.attachments) as h)
    into v_removed, v_hashes from gone;
  if v_hashes is not null then
    perform xapi_drop_contents(p_organisation, v_hashes);
  end if;
  if v_referring is not null then
    perform xapi_echo_targets(p_organisation, v_referring);
  end if;
  update xapi_delivery d set positions = array(
      select p from unnest(d.positions) with ordinality as u (p, place) where p <> all(v_positions) order by place)
  from xapi_subscription s
  where s.organisation = p_organisation and d.subscription = s.id and d.positions && v_positions;
  delete from xapi_delivery d using xapi_subscription s
  where s.organisation = p_organisation and d.subscription = s.id and d.positions = '{}';
  return v_removed;
end
$$

-- Puts statements, in which somebody became nobody, in the place of what they were; their ids and times stay.
create function rename_in_statements(
  p_organisation uuid, p_positions bigint[], p_authorities uuid[], p_actors uuid[], p_objects uuid[],
  p_mentions text[], p_attachments text[], p_bodies bytea[]
) returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_referring uuid[];
  v_hashes varchar[];
begin
  perform pg_advisory_xact_lock(7011, hashtext(p_organisation::text));
  v_referring := xapi_silence(p_organisation, p_positions);
  with old as materialized (
    select s.position, s.mentions, s.attachments from xapi_statement s
    where s.organisation = p_organisation and s.position = any(p_positions)
  ), unmentioned as (
    delete from xapi_mention m using (select unnest(mentions) as key, position from old) o
    where m.key = o.key and m.position = o.position and m.depth = 0
  )
  select array_agg(distinct h) into v_hashes from old o cross join unnest(o.attachments) as h;
  with new as materialized (
    select n.* from unnest(p_positions, p_authorities, p_actors, p_objects, p_mentions, p_attachments, p_bodies)
      as n (position, authority, actor, object, mentions, attachments, body)
  ), changed as (
    update xapi_statement s set authority = n.authority, actor = n.actor, object = n.object,
      mentions = n.mentions::uuid[], attachments = n.attachments::varchar[], body = n.body
    from new n where s.organisation = p_organisation and s.position = n.position
    returning s.position, s.mentions
  )
  insert into xapi_mention (key, position, depth) select unnest(mentions), position, 0 from changed;
  if v_hashes is not null then
    perform xapi_drop_contents(p_organisation, v_hashes);
  end if;
  perform xapi_echo_targets(p_organisation, coalesce(v_referring, '{}') || array(
    select s.id from xapi_statement s where s.organisation = p_organisation and s.position = any(p_positions)));
end
$$

-- Subscriptions and prunings that name one of these agents, by organisation and key: the first end, and all name nobody
-- from now on. `p_nobodies` are agents as JSON, `p_others` their keys, `p_changes` what ended it.
create function rename_in_filters(
  p_organisations uuid[], p_keys uuid[], p_nobodies text[], p_others uuid[], p_changes uuid[]
) returns void language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  with gone as materialized (
    select g.organisation, g.key, json_build_object('agent', g.nobody::json)::jsonb as nobody, g.other, g.change
    from unnest(p_organisations, p_keys, p_nobodies, p_others, p_changes)
      as g (organisation, key, nobody, other, change)
  ), ended as (
    update xapi_subscription s set status = 'ended', sealed = '', agent = g.other, member = g.other,
      filters = (s.filters::jsonb || g.nobody)::json
    from gone g, xapi_subscription old
    where s.organisation = g.organisation and s.agent = g.key and old.id = s.id
    returning s.id, g.change, old.status as was
  ), told as (
    insert into xapi_subscription_change (id, subscription, act, by) select uuid7(), id, 'ended', change from ended
    where was <> 'ended'
  )
  update xapi_operation o set agent = g.other, filters = (o.filters::jsonb || g.nobody)::json
  from gone g where o.organisation = g.organisation and o.agent = g.key
$$

-- Lets the planner know what a large import has changed: without it the first queries after one walk whole tables.
create function analyze_statements() returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  analyze xapi_statement, xapi_mention, xapi_echo, xapi_activity;
end
$$
