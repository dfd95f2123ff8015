-- Who read learners' records: how often in one way on one day. `subject` is the key of an agent at an organisation, nil
-- where everybody's statements were asked for; of a whole record the organisation is nil and it is the person's id.
create table record_reading (
  organisation uuid not null,
  subject uuid not null,
  day date not null,
  reader_kind varchar not null constraint ck_record_reading_reader_kind
    check (reader_kind in ('person', 'client', 'credential', 'subscription', 'operator')),
  reader uuid not null,
  what varchar not null constraint ck_record_reading_what
    check (what in ('record', 'statements', 'documents', 'agents', 'export', 'delivery')),
  times bigint not null,
  statements bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  constraint pk_record_reading primary key (organisation, subject, day, reader_kind, reader, what)
)

create index ix_record_reading_day on record_reading (day)

-- Of erased people nothing is known any more: neither who read their records, nor whose they read. To be called while
-- their agents and places are still known.
create function forget_readings(people uuid[], issuer text) returns void
language sql set search_path = pg_catalog, public, pg_temp as $$
  with keys as (
    select k.organisation, k.key as subject from learner l
    cross join lateral xapi_keys_of(coalesce(l.merged_into, l.number), array[l.number], issuer) k
    where l.id = any(people)
    union select '00000000-0000-0000-0000-000000000000', unnest(people)
  ), read_by as (
    update record_reading r set reader = gen_random_uuid() where r.reader_kind = 'person' and r.reader = any(people)
      and not exists (select from keys k where k.organisation = r.organisation and k.subject = r.subject)
  )
  delete from record_reading r using keys k where r.organisation = k.organisation and r.subject = k.subject
$$
