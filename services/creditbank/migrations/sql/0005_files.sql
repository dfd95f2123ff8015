-- A file of credits to post: who sent it, how far it is, what came of it. The books know nothing of files.
create table posting_file (
  id uuid constraint pk_posting_file primary key,
  institution uuid not null,
  organisation uuid not null,
  client uuid not null,
  scheme varchar not null,
  profile varchar not null,
  encoding varchar not null,
  atomic boolean not null,
  dry_run boolean not null,
  suspends boolean not null,
  needs_approval boolean not null,
  digest bytea not null,
  file_name varchar not null,
  size_bytes bigint not null,
  state varchar not null default 'queued' constraint ck_posting_file_state check (state in ('queued', 'reading',
    'judging', 'awaiting_approval', 'posting', 'posted', 'judged', 'refused', 'rejected', 'failed')),
  refusal varchar,
  line integer,
  done bigint not null default 0,
  total bigint not null default 0,
  attempts integer not null default 0,
  items integer not null default 0,
  accepted integer not null default 0,
  posted integer not null default 0,
  replayed integer not null default 0,
  conflicts integer not null default 0,
  refused integer not null default 0,
  suspended integer not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  decided_by uuid,
  decided_at timestamptz,
  decision_reason varchar,
  constraint ck_posting_file_maker_is_not_checker check (decided_by <> client)
)

create unique index uq_posting_file_under_way on posting_file (institution, digest)
  where state in ('queued', 'reading', 'judging', 'awaiting_approval', 'posting')

create index ix_posting_file_institution_id on posting_file (institution, id)

create index ix_posting_file_state on posting_file (state)
  where state in ('queued', 'reading', 'judging', 'awaiting_approval', 'posting')

-- a megabyte of an upload; gone when it has been read
create table posting_file_piece (
  file uuid not null,
  piece integer not null,
  content bytea not null,
  constraint pk_posting_file_piece primary key (file, piece)
)

-- the calls a file was posted by, written down before each is made: whatever happens then, it is known whose they are
create table posting_file_batch (
  batch uuid constraint pk_posting_file_batch primary key,
  file uuid not null,
  first integer not null
)

create index ix_posting_file_batch_file_first on posting_file_batch (file, first)

create table posting_item (
  file uuid not null,
  number integer not null,
  line integer not null,
  amount integer,
  learner bigint,
  earned_on date,
  learner_id uuid,
  course_id uuid,
  entry uuid,
  faulty boolean not null,
  key varchar,
  learner_sourced_id varchar,
  course_sourced_id varchar,
  attempt varchar,
  grade varchar,
  outcome varchar constraint ck_posting_item_outcome check (
    outcome in ('accepted', 'posted', 'replayed', 'conflict', 'refused', 'suspended')),
  reason varchar,
  field varchar,
  constraint pk_posting_item primary key (file, number)
)

create index ix_posting_item_learner on posting_item (learner) where learner is not null
