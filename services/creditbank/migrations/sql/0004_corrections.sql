-- What an institution asks to take back of its own, and to put in its place. The books know only what comes of it.
create table correction (
  learner bigint not null,
  requested_at timestamptz not null default now(),
  decided_at timestamptz,
  entry integer not null,
  revoking integer,
  amount integer,
  earned_on date,
  scheme smallint not null,
  id uuid not null,
  deposit uuid not null,
  institution uuid not null,
  requested_by uuid not null,
  decided_by uuid,
  course_id uuid,
  replacing uuid,
  state varchar not null default 'requested'
    constraint ck_correction_state check (state in ('requested', 'approved', 'rejected', 'withdrawn')),
  reason varchar not null,
  decision_reason varchar,
  course_sourced_id varchar,
  attempt varchar,
  grade varchar,
  constraint pk_correction primary key (learner, id),
  constraint ck_correction_decision check ((state = 'requested') = (decided_by is null)),
  constraint ck_correction_maker_is_not_checker check (state = 'withdrawn' or decided_by <> requested_by),
  constraint ck_correction_result check ((state = 'approved') = (revoking is not null))
)

create unique index uq_correction_open on correction (learner, scheme, entry) where state = 'requested'

create index ix_correction_id on correction (id)

create index ix_correction_institution_id on correction (institution, id)

create or replace function cut_links(people uuid[]) returns setof bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  numbers bigint[] := array(select l.number from learner l where l.id = any(people) order by l.number);
begin
  -- Locked as writers lock them; sums, entries and commitments stay as they are. Without the key nobody can show what
  -- a commitment was made of, and the id that now stands for the person is a random one.
  perform from account a where a.learner = any(numbers) order by a.learner, a.scheme for no key update;
  delete from shred_key k where k.learner = any(numbers);
  update learner l set id = gen_random_uuid(), status = 'closed' where l.number = any(numbers);
  update account a set person = l.id from learner l where l.number = a.learner and a.learner = any(numbers);
  -- What people wrote about the person goes too.
  update account_freeze f set reason = '' where f.learner = any(numbers);
  update correction c set reason = '', decision_reason = null, attempt = null, grade = null
    where c.learner = any(numbers);
  return query select unnest(numbers);
end $$
