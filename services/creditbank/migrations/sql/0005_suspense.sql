-- Credits of learners nobody knows yet: no row of the books, claimed when auth tells of the learner.
create table suspense (
  id uuid constraint pk_suspense primary key,
  institution uuid not null,
  organisation uuid not null,
  client uuid not null,
  scheme varchar not null,
  file uuid,
  number integer,
  key_hash uuid not null,
  payload_hash uuid not null,
  key varchar,
  learner bigint,
  learner_id uuid,
  learner_sourced_id varchar,
  course_id uuid,
  course_sourced_id varchar,
  attempt varchar,
  amount integer not null constraint ck_suspense_amount check (amount > 0),
  grade varchar,
  earned_on date not null,
  state varchar not null default 'waiting' constraint ck_suspense_state
    check (state in ('waiting', 'posted', 'refused', 'withdrawn', 'erased')),
  due boolean not null default true,
  news integer not null default 0,
  entry uuid,
  reason varchar,
  suspended_at timestamptz not null default now(),
  resolved_at timestamptz,
  constraint uq_suspense_key_hash unique (key_hash)
)

create index ix_suspense_institution_id on suspense (institution, id)

create index ix_suspense_due on suspense (institution, scheme, client) where due and state = 'waiting'

create index ix_suspense_learner_sourced_id on suspense (learner_sourced_id) where state = 'waiting'

create index ix_suspense_learner_id on suspense (learner_id) where state = 'waiting'

create index ix_suspense_learner on suspense (learner) where learner is not null

create index ix_suspense_file_number on suspense (file, number) where file is not null
