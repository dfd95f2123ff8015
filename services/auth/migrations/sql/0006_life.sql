-- A record merged into another stays as an old id of the survivor; an erased one as an id of nobody.
alter table person
  add column merged_into uuid,
  add column erased_at timestamptz,
  add constraint fk_person_merged_into foreign key(merged_into) references person (id),
  add constraint ck_person_gone check (status = 'closed' or (merged_into is null and erased_at is null))

create index ix_person_merged_into on person (merged_into) where merged_into is not null

create table erasure (
  id uuid default uuid7() not null,
  person_id uuid not null,
  asked_by uuid not null,
  asked_at timestamptz default now() not null,
  due_at timestamptz not null,
  cancelled_by uuid,
  cancelled_at timestamptz,
  done_at timestamptz,
  constraint pk_erasure primary key (id),
  constraint ck_erasure_cancelled check ((cancelled_at is null) = (cancelled_by is null)),
  constraint ck_erasure_ended check (cancelled_at is null or done_at is null),
  constraint fk_erasure_person_id foreign key(person_id) references person (id),
  constraint fk_erasure_asked_by foreign key(asked_by) references person (id),
  constraint fk_erasure_cancelled_by foreign key(cancelled_by) references person (id)
)

create index ix_erasure_person_id on erasure (person_id, id)

create unique index uq_erasure_waiting on erasure (person_id) where cancelled_at is null and done_at is null

create index ix_erasure_due_at on erasure (due_at) where cancelled_at is null and done_at is null

create function record_mergers(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  with mine as (select id from person where id = any(ids) order by id for no key update)
  update person set version = version + 1 from mine where person.id = mine.id;
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.person.merged.v1', p.id::text,
    json_build_object('id', p.id, 'into', p.merged_into, 'version', p.version), trace
  from person p where p.id = any(ids) and p.merged_into is not null
  order by p.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$

create function record_erasures(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  with mine as (select id from person where id = any(ids) order by id for no key update)
  update person set version = version + 1 from mine where person.id = mine.id;
  -- What was told before can still be read for a while: each snapshot says from now on what the last one says.
  update outbox o set data = json_build_object(
      'id', p.id, 'version', o.data -> 'version', 'status', 'closed', 'given_name', '', 'family_name', '',
      'preferred_name', null, 'identifiers', '[]'::json, 'roles', '[]'::json, 'guardians', '[]'::json,
      'consent', 'not-needed')
  from person p
  where o.type = 'auth.person.changed.v1' and o.subject = p.id::text and p.id = any(ids);
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.person.erased.v1', p.id::text, json_build_object('id', p.id, 'version', p.version), trace
  from person p where p.id = any(ids)
  order by p.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$
