-- `resolves` names the hold an entry ends, `reverses` what it takes back: each at most once, by unique keys.
alter table entry add column resolves integer

create unique index uq_entry_resolves on entry (learner, scheme, resolves) where resolves is not null

-- What is held are the postings of the entry that placed the hold; `entry` and `resolved` are numbers of entries.
create table hold (
  learner bigint not null,
  until timestamptz not null,
  entry integer not null,
  resolved integer,
  scheme smallint not null,
  id uuid not null,
  purpose varchar not null,
  constraint pk_hold primary key (learner, scheme, entry)
)

create unique index uq_hold_id on hold (learner, id)

create index ix_hold_until on hold (until) where resolved is null

create table conversion (
  learner bigint not null,
  spent bigint not null,
  issued bigint not null,
  remainder bigint not null,
  entry integer not null,
  numerator integer not null,
  denominator integer not null,
  scheme smallint not null,
  target smallint not null,
  rule uuid not null,
  constraint pk_conversion primary key (learner, scheme, entry),
  constraint ck_conversion_terms check (least(spent, issued, numerator, denominator) > 0 and remainder >= 0),
  constraint ck_conversion_balance check (spent * numerator = issued * denominator + remainder)
)

-- which lot a converted one was made of, and by which entry
create table conversion_lot (
  learner bigint not null,
  number integer not null,
  source_lot integer not null,
  source_entry integer not null,
  scheme smallint not null,
  source_scheme smallint not null,
  constraint pk_conversion_lot primary key (learner, scheme, number)
)

create index ix_conversion_lot_source on conversion_lot (learner, source_scheme, source_entry)

-- Entries of the account after `first` and up to `last` were written while it was frozen.
create table account_freeze (
  learner bigint not null,
  begun_at timestamptz not null,
  ended_at timestamptz,
  first integer not null,
  last integer,
  scheme smallint not null,
  id uuid not null,
  begun_by uuid not null,
  ended_by uuid,
  reason varchar not null,
  constraint pk_account_freeze primary key (learner, scheme, id),
  constraint ck_account_freeze_end check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (last is null)),
  constraint ck_account_freeze_maker_is_not_checker check (ended_by <> begun_by)
)

create index ix_lot_expires_on on lot (expires_on, learner, scheme) where expires_on is not null and available > 0
