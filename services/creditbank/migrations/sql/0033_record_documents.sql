-- Documents that learners brought from elsewhere: activity state, and profiles of the agents they were there. `key` is the
-- SHA-256 of whose store it was in there and what it is called, so that a later export has the same one.
create table record_imported_document (
  store uuid not null,
  key bytea not null,
  import uuid not null,
  organisation uuid not null,
  kind varchar not null constraint ck_record_imported_document_kind check (kind in ('state', 'agent')),
  agent varchar not null,
  activity varchar,
  registration uuid,
  id varchar not null,
  content_type varchar not null,
  content bytea not null,
  etag varchar not null,
  modified_at timestamptz not null,
  constraint pk_record_imported_document primary key (store, key)
)

alter table record_import add column documents bigint not null default 0

-- What opens the commitment of an entry of other books, so that it can be proved wherever it is carried next.
alter table record_imported_credit add column salt bytea

-- All documents about a learner: at the organisations of their line, of each agent for as long as it named them, and
-- those from elsewhere. `shelf`, `context` and `name` are where the content is; of one from elsewhere `name` is null.
create function record_documents_of(holder bigint, numbers bigint[], issuer text)
returns table (
  key bytea, organisation uuid, import uuid, kind varchar, agent text, activity varchar, registration uuid, id varchar,
  content_type varchar, size integer, etag varchar, modified_at timestamptz, shelf uuid, context bytea, name bytea
)
language sql stable rows 50 set search_path = pg_catalog, public, pg_temp as $$
  select sha256(uuid_send(d.organisation) || d.context || d.name), d.organisation, null::uuid, d.kind, a.agent,
    d.activity, d.registration, d.id, d.content_type, octet_length(d.content), d.etag, d.modified_at,
    d.organisation, d.context, d.name
  from (
    select distinct unnest(x.ancestors) as organisation
    from learner_organisation o join institution x on x.id = o.organisation where o.learner = holder
  ) p
  cross join xapi_agents_of(numbers, issuer) a
  join xapi_document d on d.organisation = p.organisation and d.agent = sha256(convert_to(a.agent, 'UTF8'))
    and d.modified_at >= a.since and d.modified_at < a.until
  union
  select sha256(uuid_send(d.store) || d.key), d.organisation, d.import, d.kind, d.agent, d.activity, d.registration,
    d.id, d.content_type, octet_length(d.content), d.etag, d.modified_at, d.store, d.key, null
  from record_import i join record_imported_document d on d.store = i.store and d.import = i.id
  where i.learner = any(numbers)
$$

-- As 0030_record_imports.sql has it, with documents.
create or replace function forget_imports(people uuid[]) returns void
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
  delete from record_imported_document d where d.store = any(people);
  delete from record_import i where i.store = any(people)
$$
