-- Records that learners brought from elsewhere: exports of other banks, or of this one at another address. Statements of
-- one are in a store of the learner's own, whose organisation is the learner's id; `agents` are who the learner was there.
create table record_import (
  id uuid constraint pk_record_import primary key,
  learner bigint not null,
  store uuid not null,
  digest bytea not null,
  address varchar not null,
  signed_by varchar,
  exported_at varchar not null,
  agents varchar[] not null,
  statements bigint not null default 0,
  refused bigint not null default 0,
  credits bigint not null default 0,
  begun_at timestamptz not null default now(),
  ended_at timestamptz,
  constraint uq_record_import_learner_digest unique (learner, digest)
)

create index ix_record_import_store on record_import (store)

-- Where a statement of such a store came from, and who vouched for it there; here it is the learner.
create table record_imported (
  store uuid not null,
  id uuid not null,
  import uuid not null,
  authority json,
  constraint pk_record_imported primary key (store, id)
)

-- Credits that other books tell of: shown, and never money here.
create table record_imported_credit (
  store uuid not null,
  commitment bytea not null,
  import uuid not null,
  scheme varchar not null,
  document json not null,
  constraint pk_record_imported_credit primary key (store, commitment)
)

-- As 0022_record.sql has it, with the learner's own stores.
create or replace function xapi_keys_of(holder bigint, numbers bigint[], issuer text)
returns table (organisation uuid, key uuid, since bigint, until bigint)
language sql stable rows 20 set search_path = pg_catalog, public, pg_temp as $$
  select p.organisation, xapi_actor_key(p.organisation, a.agent), xapi_position(a.since), xapi_position(a.until)
  from (
    select distinct unnest(x.ancestors) as organisation
    from learner_organisation o join institution x on x.id = o.organisation where o.learner = holder
  ) p cross join xapi_agents_of(numbers, issuer) a
  union
  select i.store, xapi_actor_key(i.store, a.agent), 0, 9223372036854775807
  from record_import i cross join unnest(i.agents) as a (agent) where i.learner = any(numbers)
$$

-- As 0029_summaries.sql has it; of whoever brought statements from elsewhere the agents are not looked for.
create or replace function count_statements(p_organisation uuid, p_end bigint, p_most integer) returns integer
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
    insert into record_news (learner) select i.learner from record_import i where i.store = p_organisation limit 1;
    update record_tally_place set position = v_last where organisation = p_organisation;
  end if;
  return v_count;
end
$$

-- What erased people brought from elsewhere goes with them.
create function forget_imports(people uuid[]) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  with gone as (
    delete from xapi_statement s using record_import i
    where i.store = any(people) and s.organisation = i.store
    returning s.position, s.mentions
  )
  delete from xapi_mention m using (select unnest(mentions) as key, position from gone) g
  where m.key = g.key and m.position = g.position;
  delete from xapi_mention m using (
    select unnest(e.mentions) as key, e.position from xapi_echo e where e.organisation = any(people)) g
  where m.key = g.key and m.position = g.position;
  delete from xapi_echo e where e.organisation = any(people);
  delete from xapi_attachment a where a.organisation = any(people);
  delete from xapi_activity a where a.organisation = any(people);
  delete from record_tally_place p where p.organisation = any(people);
  delete from record_imported r where r.store = any(people);
  delete from record_imported_credit c where c.store = any(people);
  delete from record_import i where i.store = any(people)
$$
