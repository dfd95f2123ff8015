-- The learning record store: statements as they are sent back, and the keys they are found by. A key is a digest
-- of the organisation, of what a value is to the statement, and of the value; see xapi/statements/keys.py.
-- `position` orders by when a statement was stored: milliseconds since 1970 in the upper bits, then 10 bits that
-- part transactions of one millisecond, then 10 bits for the place among its statements.
create table xapi_statement (
  organisation uuid not null,
  position bigint not null,
  happened_at timestamptz not null,
  learner bigint,
  id uuid not null,
  verb uuid not null,
  authority uuid not null,
  actor uuid,
  object uuid,
  registration uuid,
  target uuid,
  voiding smallint not null default 0 constraint ck_xapi_statement_voiding check (voiding in (0, 1, 2)),
  voided boolean not null default false,
  mentions uuid[],
  attachments varchar[],
  body bytea not null,
  constraint pk_xapi_statement primary key (organisation, position),
  constraint uq_xapi_statement_organisation_id unique (organisation, id)
)

create index ix_xapi_statement_verb_position on xapi_statement (verb, position)

create index ix_xapi_statement_authority_position on xapi_statement (authority, position)

create index ix_xapi_statement_actor_position on xapi_statement (actor, position) where actor is not null

create index ix_xapi_statement_object_position on xapi_statement (object, position) where object is not null

create index ix_xapi_statement_registration_position on xapi_statement (registration, position)
  where registration is not null

create index ix_xapi_statement_learner_position on xapi_statement (learner, position) where learner is not null

create index ix_xapi_statement_organisation_target on xapi_statement (organisation, target)
  where target is not null

-- A statement that targets another one is found by what that one is found by, and so on (part three, 2.1.3,
-- filter conditions for StatementRefs): for each statement of its chain a copy of the keys, `depth` steps away.
create table xapi_echo (
  organisation uuid not null,
  position bigint not null,
  depth smallint not null,
  verb uuid not null,
  authority uuid not null,
  actor uuid,
  object uuid,
  registration uuid,
  mentions uuid[],
  constraint pk_xapi_echo primary key (organisation, position, depth)
)

create index ix_xapi_echo_verb_position on xapi_echo (verb, position)

create index ix_xapi_echo_authority_position on xapi_echo (authority, position)

create index ix_xapi_echo_actor_position on xapi_echo (actor, position) where actor is not null

create index ix_xapi_echo_object_position on xapi_echo (object, position) where object is not null

create index ix_xapi_echo_registration_position on xapi_echo (registration, position)
  where registration is not null

-- What else a statement names: members of groups, and what only related_agents and related_activities ask for.
create table xapi_mention (
  key uuid not null,
  position bigint not null,
  depth smallint not null,
  constraint pk_xapi_mention primary key (key, position, depth)
)

create index ix_xapi_mention_echo on xapi_mention (key, position) where depth > 0

-- The content of attachments, once for each hash and organisation.
create table xapi_attachment (
  organisation uuid not null,
  sha2 varchar not null,
  content bytea not null,
  constraint pk_xapi_attachment primary key (organisation, sha2)
)

alter table xapi_attachment alter content set storage external

create sequence xapi_turn as bigint

create function xapi_stored_text(milliseconds bigint) returns text language sql immutable as $$
  select to_char(to_timestamp(milliseconds / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$

-- The time up to which every statement can be read. A transaction that stores some holds a lock of the class
-- 7011 from before it reads the clock until they can be read; of those that do, the oldest counts.
create function xapi_consistent_through() returns timestamptz language plpgsql stable as $$
declare
  writers integer[] := (
    select array_agg(pid) from pg_locks where locktype = 'advisory' and classid = 7011 and objsubid = 2 and granted);
begin
  return least(statement_timestamp(), case when writers is not null then (
    select min(coalesce(xact_start, '-infinity')) from pg_stat_activity where pid = any(writers)) end);
end
$$

-- Copies for the statements given by id, and for those that target them, the keys of what they target.
create function xapi_echo_targets(p_organisation uuid, p_ids uuid[]) returns void language sql as $$
  with recursive affected as (
      select position, id, target from xapi_statement
      where organisation = p_organisation and target is not null and (id = any(p_ids) or target = any(p_ids))
    union
      select s.position, s.id, s.target from affected a
      join xapi_statement s on s.organisation = p_organisation and s.target = a.id
  ), chain as (
      select a.position, 1 as depth, t.position as source, t.target, array[a.id, t.id] as seen
      from affected a
      join xapi_statement t on t.organisation = p_organisation and t.id = a.target
      where t.id <> a.id
    union all
      select c.position, c.depth + 1, t.position, t.target, c.seen || t.id
      from chain c
      join xapi_statement t on t.organisation = p_organisation and t.id = c.target
      where c.depth < 32 and t.id <> all(c.seen)
  ), made as (
    insert into xapi_echo (
      organisation, position, depth, verb, authority, actor, object, registration, mentions)
    select p_organisation, c.position, c.depth, t.verb, t.authority, t.actor, t.object, t.registration, t.mentions
    from chain c
    join xapi_statement t on t.organisation = p_organisation and t.position = c.source
    on conflict do nothing
    returning position, depth, mentions
  )
  insert into xapi_mention (key, position, depth)
  select unnest(mentions), position, depth from made
  on conflict do nothing
$$

-- Whatever the statements given by id void, or are voided by. A voiding statement cannot be voided; one of
-- kind 1 voids only what the same authority vouches for, one of kind 2 anything.
create function xapi_void(p_organisation uuid, p_ids uuid[]) returns void language sql as $$
  update xapi_statement s set voided = true
  from xapi_statement v
  where v.organisation = p_organisation and v.voiding > 0 and (v.id = any(p_ids) or v.target = any(p_ids))
    and s.organisation = p_organisation and s.id = v.target and s.voiding = 0 and not s.voided
    and (v.voiding = 2 or v.authority = s.authority)
$$

-- Stores statements set-wise, all or none, in one order of locks: the organisation's (shared; alone only if some
-- target others, so that neither of two that belong together misses the other), their ids, their activities.
-- If any is there already, nothing is stored and those are returned. `p_bodies` lack the closing brace.
create function store_statements(
  p_organisation uuid, p_authority uuid, p_ids uuid[], p_verbs uuid[], p_actors uuid[], p_objects uuid[],
  p_registrations uuid[], p_targets uuid[], p_voiding smallint[], p_happened timestamptz[], p_mentions text[],
  p_attachments text[], p_bodies bytea[], p_activities jsonb
) returns table (id uuid, body bytea) language plpgsql as $$
#variable_conflict use_column
declare
  v_refers boolean := p_targets is not null;
  v_count integer := cardinality(p_ids);
  v_stored bigint;
  v_turn bigint;
  v_awaited boolean;
  v_end bytea;
  v_end_with_time bytea;
begin
  if v_refers then
    perform pg_advisory_xact_lock(7011, hashtext(p_organisation::text));
  else
    perform pg_advisory_xact_lock_shared(7011, hashtext(p_organisation::text));
  end if;
  return query select s.id, s.body from xapi_statement s
    where s.organisation = p_organisation and s.id = any(p_ids);
  if found then
    return;
  end if;
  if v_refers and exists (
    select from unnest(p_targets, p_voiding) as n (target, voiding)
    join xapi_statement s on s.organisation = p_organisation and s.id = n.target
    where n.voiding = 1 and s.authority <> p_authority and s.voiding = 0
  ) then
    raise exception 'voiding what others vouch for' using errcode = 'XA403';
  end if;
  v_turn := (nextval('xapi_turn') & 1023) << 10;
  v_stored := floor(extract(epoch from clock_timestamp()) * 1000);
  v_end := convert_to(format(',"stored":"%s"}', xapi_stored_text(v_stored)), 'UTF8');
  v_end_with_time := convert_to(
    format(',"timestamp":"%1$s","stored":"%1$s"}', xapi_stored_text(v_stored)), 'UTF8');
  with new as materialized (
    select n.*, ((v_stored + (n.place - 1) / 1024) << 20) | v_turn | ((n.place - 1) & 1023) as position
    from unnest(p_ids, p_verbs, p_actors, p_objects, p_registrations, p_targets, p_voiding, p_happened,
      p_mentions, p_attachments, p_bodies) with ordinality
      as n (id, verb, actor, object, registration, target, voiding, happened, mentions, attachments, body, place)
  ), stored as (
    insert into xapi_statement (
      organisation, position, happened_at, id, verb, authority, actor, object, registration, target, voiding,
      mentions, attachments, body)
    select p_organisation, n.position, coalesce(n.happened, to_timestamp((n.position >> 20) / 1000.0)), n.id,
      n.verb, p_authority, n.actor, n.object, n.registration, n.target, coalesce(n.voiding, 0),
      n.mentions::uuid[], n.attachments::varchar[],
      n.body || case
        when n.place <= 1024 then case when n.happened is null then v_end_with_time else v_end end
        else convert_to(
          case when n.happened is null then ',"timestamp":"' || xapi_stored_text(n.position >> 20) || '"' else '' end
          || ',"stored":"' || xapi_stored_text(n.position >> 20) || '"}', 'UTF8')
        end
    from new n
    order by n.id
    on conflict do nothing
    returning position, mentions
  ), mentioned as (
    insert into xapi_mention (key, position, depth)
    select unnest(mentions), position, 0 from stored
  )
  select v_count - count(*) into v_count from stored;
  if v_count > 0 then
    -- another call stored one of them meanwhile: it can be seen by now
    raise exception 'stored meanwhile' using errcode = '40001';
  end if;
  v_awaited := exists (select from xapi_statement s
    where s.organisation = p_organisation and s.target is not null)
    and exists (select from xapi_statement s where s.organisation = p_organisation and s.target = any(p_ids));
  if v_refers or v_awaited then
    perform xapi_void(p_organisation, p_ids);
    perform xapi_echo_targets(p_organisation, p_ids);
  end if;
  if p_activities is not null then
    perform define_activities(p_organisation, p_activities);
  end if;
end
$$
