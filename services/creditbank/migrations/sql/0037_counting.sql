-- Where a statement is counted; formerly in 0029_summaries.sql. Each path into a text of JSON reads all of it: so it is
-- read once, and paths lead into what was found. A NUL that some text of it has would keep it from being read.
create or replace function statement_buckets(happened timestamptz, body bytea)
returns table (axis smallint, bucket text, name json)
language sql immutable parallel safe as $$
  select b.axis, left(b.bucket, 500), b.name
  from json_to_record(replace(convert_from(body, 'UTF8'), '\u0000', '\ufffd')::json) as s (verb json, context json)
  cross join lateral (select s.context -> 'contextActivities' as related offset 0) r
  cross join lateral (select coalesce(r.related #> '{grouping,0}', r.related #> '{parent,0}') as subject offset 0) t
  cross join lateral (values
    (1::smallint, to_char(happened at time zone 'UTC', 'YYYY-MM'), null::json),
    (2::smallint, s.verb ->> 'id', s.verb -> 'display'),
    (3::smallint, t.subject ->> 'id', t.subject #> '{definition,name}')) b (axis, bucket, name)
  where b.bucket is not null
$$

-- Adds statements to the tallies of their actors, or takes them away where the weight is -1, and notes whose summary that
-- changes, as far as is known of whom the actor names; formerly in 0029_summaries.sql. Now one statement of each actor is
-- read to know who that is, learners are found by their ids, and only what takes away looks for tallies that are empty.
create or replace function add_to_tallies(actors uuid[], happened timestamptz[], bodies bytea[], weights integer[])
returns void language sql set search_path = pg_catalog, public, pg_temp as $$
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
  delete from record_tally t where -1 = any(weights) and t.actor = any(actors) and t.statements = 0;
  with given as materialized (
    select distinct on (g.actor) g.body from unnest(actors, bodies) as g (actor, body) where g.actor is not null
  ), said as materialized (
    select replace(convert_from(body, 'UTF8'), '\u0000', '\ufffd')::json -> 'actor' as actor from given
  ), named as materialized (
    select case when actor ->> 'mbox' is not null then 'mbox ' || (actor ->> 'mbox')
      when actor ->> 'mbox_sha1sum' is not null then 'mbox_sha1sum ' || lower(actor ->> 'mbox_sha1sum')
      when actor ->> 'openid' is not null then 'openid ' || (actor ->> 'openid')
      else 'account ' || (actor #>> '{account,homePage}') || ' ' || (actor #>> '{account,name}') end as agent,
      case when actor #>> '{account,name}' ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
        then (actor #>> '{account,name}')::uuid end as person
    from said
  )
  insert into record_news (learner)
  select i.learner from named n join xapi_identity i on i.key = sha256(convert_to(n.agent, 'UTF8'))
  union
  select l.number from named n join learner l on l.id = n.person
$$
