-- Which agents of statements a learner is, beside the account at auth: since when the agent names them, and since when
-- it no longer does. `key` is the SHA-256 of `agent`, which may be as long as an IRI.
create table xapi_identity (
  id uuid constraint pk_xapi_identity primary key,
  key bytea not null,
  agent varchar not null,
  learner bigint not null,
  source varchar not null constraint ck_xapi_identity_source check (source in ('address', 'link')),
  since timestamptz not null,
  left_at timestamptz,
  linked_by uuid
)

create index ix_xapi_identity_key_since on xapi_identity (key, since)

create index ix_xapi_identity_learner on xapi_identity (learner)

-- The key by which statements of an organisation are found by their actor, as xapi/statements/keys.py makes it.
create function xapi_actor_key(organisation uuid, agent text) returns uuid
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select encode(substring(sha256(convert_to(replace(organisation::text, '-', '') || ' agent', 'UTF8')
    || '\x00'::bytea || convert_to(agent, 'UTF8')) for 16), 'hex')::uuid
$$

-- Where a position of xapi_statement begins that was stored at a time; the ends of all times for infinite ones.
create function xapi_position(moment timestamptz) returns bigint
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when moment = '-infinity' then 0 when moment = 'infinity' then 9223372036854775807
    else floor(extract(epoch from moment) * 1000)::bigint << 20 end
$$

-- The agents that name a person, who may have several records, each with the positions between which it names them and
-- nobody else: as long as no other person has the same address at the same time, which then names neither.
create function xapi_agents_of(numbers bigint[], issuer text)
returns table (agent text, source varchar, since timestamptz, until timestamptz)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
    select 'account ' || issuer || ' ' || l.id::text, 'account'::varchar, '-infinity'::timestamptz, 'infinity'::timestamptz
    from learner l where l.number = any(numbers)
  union all
    select i.agent, i.source, i.since, coalesce((
      select min(o.since) from xapi_identity o
      where o.key = i.key and o.learner <> all(numbers) and o.since > i.since), 'infinity')
    from xapi_identity i
    where i.learner = any(numbers) and not exists (
      select from xapi_identity o
      where o.key = i.key and o.learner <> all(numbers) and o.since <= i.since
        and coalesce(o.left_at, 'infinity') > i.since)
$$

-- Takes over the agents that snapshots of people name, given as [{"id", "version", "time", "agents": [...]}]: those of
-- the newest snapshot of each that is known. A first one names its person for all time before.
create function learn_identities(people jsonb) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  with told as materialized (
    select l.number, p.time, p.agents
    from jsonb_to_recordset(people) as p (id uuid, version bigint, time timestamptz, agents text[])
    join learner l on l.id = p.id and l.version = p.version
  ), named as materialized (
    select distinct on (t.number, a.agent) t.number, t.time, a.agent, sha256(convert_to(a.agent, 'UTF8')) as key
    from told t cross join unnest(t.agents) as a (agent)
    order by t.number, a.agent, t.time desc
  ), left_behind as (
    update xapi_identity i set left_at = greatest(t.time, i.since) from told t
    where i.learner = t.number and i.source = 'address' and i.left_at is null and i.agent <> all(t.agents)
  )
  insert into xapi_identity (id, key, agent, learner, source, since)
  select uuid7(), n.key, n.agent, n.number, 'address',
    case when exists (select from xapi_identity o where o.key = n.key) then n.time else '-infinity' end
  from named n
  where not exists (
    select from xapi_identity i where i.key = n.key and i.learner = n.number and i.left_at is null)
$$
