-- What an institution issued, by course and by its own name of an attempt, of which a hash takes a third of the bytes;
-- its calls by time.
create index ix_lot_issuer_outcome on lot (issuer, outcome)

create index ix_lot_issuer_attempt on lot (hashtextextended(attempt, uuid_hash_extended(issuer, 0)))
  where attempt is not null

create index ix_deposit_batch_institution_recorded_at on deposit_batch (institution, recorded_at, id)

-- How an institution's files name what the bank reads in them. What a version says never changes.
create table posting_profile (
  id uuid constraint pk_posting_profile primary key,
  institution uuid not null,
  code varchar not null,
  version integer not null,
  document json not null,
  made_by uuid not null,
  made_at timestamptz not null default now(),
  withdrawn_at timestamptz,
  withdrawn_by uuid,
  constraint uq_posting_profile_institution_code_version unique (institution, code, version)
)

alter table posting_file add column stored_profile uuid
