-- How many statements an actor's key has by month (UTC), by kind (verb) and by subject (what they are grouped under): of
-- those that are not voided, up to the position of `record_tally_place` of their organisation. Kept by agent and not by
-- learner, so that whoever the agent turns out to be has them. An IRI is cut after 500 characters.
create table record_tally (
  actor uuid not null,
  axis smallint not null constraint ck_record_tally_axis check (axis in (1, 2, 3)),
  bucket varchar not null,
  statements bigint not null,
  name json,
  constraint pk_record_tally primary key (actor, axis, bucket)
)

create table record_tally_place (
  organisation uuid constraint pk_record_tally_place primary key,
  position bigint not null
)

-- Whose summary is to be made anew. Only ever added to and taken from: no writer waits for another.
create table record_news (
  position bigint generated always as identity constraint pk_record_news primary key,
  learner bigint not null
)

-- What was last told of a learner.
create table record_summary (
  learner bigint constraint pk_record_summary primary key,
  version bigint not null,
  summary json not null
)

-- Where a statement is counted. A NUL that some text of it has would keep it from being read.
create function statement_buckets(happened timestamptz, body bytea)
returns table (axis smallint, bucket text, name json)
language sql immutable parallel safe as $$
  select b.axis, left(b.bucket, 500), b.name
  from (select replace(convert_from(body, 'UTF8'), '\u0000', '\ufffd')::json as said) s
  cross join lateral (select coalesce(s.said #> '{context,contextActivities,grouping,0}',
    s.said #> '{context,contextActivities,parent,0}') as subject) t
  cross join lateral (values
    (1::smallint, to_char(happened at time zone 'UTC', 'YYYY-MM'), null::json),
    (2::smallint, s.said #>> '{verb,id}', s.said #> '{verb,display}'),
    (3::smallint, t.subject ->> 'id', t.subject #> '{definition,name}')) b (axis, bucket, name)
  where b.bucket is not null
$$

-- Adds statements to the tallies of their actors, or takes them away where the weight is -1, and notes whose summary that
-- changes, as far as is known of whom the actor names.
create function add_to_tallies(actors uuid[], happened timestamptz[], bodies bytea[], weights integer[]) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  with given as materialized (
    select g.actor, b.axis, b.bucket, g.weight, b.name, g.place
    from unnest(actors, happened, bodies, weights) with ordinality as g (actor, happened, body, weight, place)
    cross join lateral statement_buckets(g.happened, g.body) b
    where g.actor is not null
  )
  insert into record_tally as t (actor, axis, bucket, statements, name)
  select actor, axis, bucket, sum(weight), (array_agg(name order by place desc) filter (where name is not null))[1]
  from given group by actor, axis, bucket order by actor, axis, bucket
  on conflict (actor, axis, bucket) do update set statements = t.statements + excluded.statements,
    name = coalesce(excluded.name, t.name);
  delete from record_tally t where t.actor = any(actors) and t.statements = 0;
  with said as materialized (
    select distinct on (g.actor) replace(convert_from(g.body, 'UTF8'), '\u0000', '\ufffd')::json -> 'actor' as actor
    from unnest(actors, bodies) as g (actor, body) where g.actor is not null
  ), named as materialized (
    select case when actor ->> 'mbox' is not null then 'mbox ' || (actor ->> 'mbox')
      when actor ->> 'mbox_sha1sum' is not null then 'mbox_sha1sum ' || lower(actor ->> 'mbox_sha1sum')
      when actor ->> 'openid' is not null then 'openid ' || (actor ->> 'openid')
      else 'account ' || (actor #>> '{account,homePage}') || ' ' || (actor #>> '{account,name}') end as agent,
      actor #>> '{account,name}' as account
    from said
  )
  insert into record_news (learner)
  select i.learner from named n join xapi_identity i on i.key = sha256(convert_to(n.agent, 'UTF8'))
  union
  select l.number from named n join learner l
    on n.account ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' and l.id::text = lower(n.account)
$$

-- Counts the next statements of an organisation that were stored before a position up to which all can be read. Returns
-- how many. Whoever voids or removes some meanwhile waits, and so is seen by one of both.
create function count_statements(p_organisation uuid, p_end bigint, p_most integer) returns integer
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  v_after bigint;
  v_last bigint;
  v_count integer;
begin
  insert into record_tally_place values (p_organisation, -1) on conflict do nothing;
  select position into v_after from record_tally_place where organisation = p_organisation for update;
  select max(position), count(*) into v_last, v_count from (
    select position from xapi_statement s
    where s.organisation = p_organisation and s.position > v_after and s.position < p_end
    order by s.position limit p_most) as next;
  if v_count > 0 then
    perform add_to_tallies(array_agg(s.actor), array_agg(s.happened_at), array_agg(s.body), array_agg(1))
    from xapi_statement s
    where s.organisation = p_organisation and s.position > v_after and s.position <= v_last
      and s.actor is not null and not s.voided
    having count(*) > 0;
    update record_tally_place set position = v_last where organisation = p_organisation;
  end if;
  return v_count;
end
$$

-- What was counted already and is voided, removed or changed is counted no more, or as what it is now.
create function recount_statements() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from old_rows) then
    return null;
  end if;
  perform from record_tally_place p where p.organisation in (select o.organisation from old_rows o)
    order by p.organisation for share;
  if tg_op = 'DELETE' then
    perform add_to_tallies(array_agg(o.actor), array_agg(o.happened_at), array_agg(o.body), array_agg(-1))
    from old_rows o join record_tally_place p on p.organisation = o.organisation and o.position <= p.position
    where not o.voided having count(*) > 0;
  else
    perform add_to_tallies(array_agg(c.actor), array_agg(c.happened_at), array_agg(c.body), array_agg(c.weight))
    from old_rows o
    join new_rows n on n.organisation = o.organisation and n.position = o.position
    join record_tally_place p on p.organisation = o.organisation and o.position <= p.position
    cross join lateral (values (o.actor, o.happened_at, o.body, -1, o.voided),
      (n.actor, n.happened_at, n.body, 1, n.voided)) c (actor, happened_at, body, weight, voided)
    where not c.voided and (o.voided <> n.voided or o.actor is distinct from n.actor or o.body <> n.body)
    having count(*) > 0;
  end if;
  return null;
end
$$

create trigger recounted_when_removed after delete on xapi_statement
referencing old table as old_rows for each statement execute function recount_statements()

create trigger recounted_when_changed after update on xapi_statement
referencing old table as old_rows new table as new_rows for each statement execute function recount_statements()

-- Whoever gets an agent, a place, or another's record has another summary, if anything was ever counted.
create function note_news() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from record_tally_place) then
    insert into record_news (learner) select distinct learner from new_rows;
  end if;
  return null;
end
$$

create trigger news_of_agents after insert on xapi_identity
referencing new table as new_rows for each statement execute function note_news()

create trigger news_of_places after insert on learner_organisation
referencing new table as new_rows for each statement execute function note_news()

create function note_merges() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into record_news (learner) select n.merged_into
  from new_rows n join old_rows o on o.number = n.number
  where n.merged_into is not null and n.merged_into is distinct from o.merged_into
    and exists (select from record_tally_place);
  return null;
end
$$

create trigger news_of_merges after update on learner
referencing old table as old_rows new table as new_rows for each statement execute function note_merges()

-- A person's tallies, added up from those of all agents the person is. Where an agent was somebody else's before or is by
-- now, which is rare, the statements of that time are counted.
create function record_sums(holder bigint, numbers bigint[], issuer text)
returns table (axis smallint, bucket text, statements bigint, name json)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  with keys as materialized (
    select distinct k.organisation, k.key, k.since, k.until, k.since = 0 and k.until = 9223372036854775807 as whole
    from xapi_keys_of(holder, numbers, issuer) k
  ), found as (
    select t.axis, t.bucket::text, t.statements, t.name
    from keys k join record_tally t on t.actor = k.key where k.whole
    union all
    select b.axis, b.bucket, 1, b.name
    from keys k
    join record_tally_place p on p.organisation = k.organisation
    cross join lateral (select s.happened_at, s.body from xapi_statement s
      where s.actor = k.key and s.position >= k.since and s.position < k.until and s.position <= p.position
        and not s.voided) s
    cross join lateral statement_buckets(s.happened_at, s.body) b
    where not k.whole
  )
  select f.axis, f.bucket, sum(f.statements)::bigint,
    (array_agg(f.name order by f.statements desc) filter (where f.name is not null))[1]
  from found f group by f.axis, f.bucket
$$

-- Makes the summaries anew of those of whom there is news, and tells of those that are others now. Returns how many
-- pieces of news there were.
create function tell_summaries(p_issuer text, p_most integer) returns integer
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  v_learners bigint[];
  v_count integer;
begin
  with taken as (
    delete from record_news n where n.position in (
      select o.position from record_news o order by o.position limit p_most for update skip locked)
    returning n.learner
  )
  select count(*), array_agg(distinct learner) into v_count, v_learners from taken;
  with holder as materialized (
    select distinct h.number, h.id from unnest(v_learners) as n (number)
    join learner l on l.number = n.number
    join learner h on h.number = coalesce(l.merged_into, l.number)
  ), summed as materialized (
    select h.number, h.id, s.axis, s.bucket, s.statements, s.name,
      row_number() over (partition by h.number, s.axis
        order by case when s.axis = 1 then s.bucket end desc, s.statements desc, s.bucket) as place
    from holder h
    cross join lateral record_sums(h.number,
      array(select m.number from learner m where m.number = h.number or m.merged_into = h.number), p_issuer) s
    where s.statements > 0
  ), made as materialized (
    select h.number, h.id, json_build_object(
      'statements', coalesce((select sum(s.statements) from summed s where s.number = h.number and s.axis = 1), 0),
      'months', coalesce((select json_agg(json_build_object('month', s.bucket, 'statements', s.statements)
        order by s.place) from summed s where s.number = h.number and s.axis = 1 and s.place <= 120), '[]'),
      'kinds', coalesce((select json_agg(json_build_object('id', s.bucket, 'name', s.name, 'statements', s.statements)
        order by s.place) from summed s where s.number = h.number and s.axis = 2 and s.place <= 50), '[]'),
      'subjects', coalesce((select json_agg(json_build_object('id', s.bucket, 'name', s.name, 'statements', s.statements)
        order by s.place) from summed s where s.number = h.number and s.axis = 3 and s.place <= 50), '[]')) as summary
    from holder h
  ), changed as (
    insert into record_summary as r (learner, version, summary)
    select m.number, 1, m.summary from made m
    where (m.summary ->> 'statements') <> '0' or exists (select from record_summary o where o.learner = m.number)
    on conflict (learner) do update set version = r.version + 1, summary = excluded.summary
      where r.summary::text <> excluded.summary::text
    returning r.learner, r.version, r.summary
  )
  insert into outbox (id, type, subject, data)
  select uuid7(), 'creditbank.record.summarised.v1', m.id,
    json_build_object('learner', m.id, 'version', c.version, 'summary', c.summary)
  from changed c join made m on m.number = c.learner;
  return v_count;
end
$$

-- Erased people have no summary any more.
create function forget_summaries(people uuid[]) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  delete from record_summary r using learner l where l.id = any(people) and r.learner = l.number;
  delete from record_news n using learner l where l.id = any(people) and n.learner = l.number
$$
