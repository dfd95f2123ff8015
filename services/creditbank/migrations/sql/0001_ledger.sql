create table account (
  learner bigint not null,
  scheme smallint not null,
  sequence integer not null default 0,
  version bigint not null default 0,
  provisional bigint not null default 0,
  available bigint not null default 0,
  held bigint not null default 0,
  redeemed bigint not null default 0,
  converted bigint not null default 0,
  expired bigint not null default 0,
  revoked bigint not null default 0,
  opened_at timestamptz not null default now(),
  person uuid not null,
  head bytea,
  constraint pk_account primary key (learner, scheme),
  constraint ck_account_not_negative check (
    least(provisional, available, held, redeemed, converted, expired, revoked) >= 0),
  constraint ck_account_head check ((sequence = 0) = (head is null))
) with (fillfactor = 60)

create table lot (
  learner bigint not null,
  issued integer not null constraint ck_lot_issued check (issued > 0),
  provisional integer not null default 0,
  available integer not null default 0,
  held integer not null default 0,
  redeemed integer not null default 0,
  converted integer not null default 0,
  expired integer not null default 0,
  revoked integer not null default 0,
  number integer not null,
  earned_on date not null,
  expires_on date,
  scheme smallint not null,
  issuer uuid not null,
  outcome uuid not null,
  attempt text collate "C",
  grade varchar,
  constraint pk_lot primary key (learner, scheme, number),
  constraint ck_lot_not_negative check (
    least(provisional, available, held, redeemed, converted, expired, revoked) >= 0),
  constraint ck_lot_parts check (
    issued::bigint = provisional::bigint + available + held + redeemed + converted + expired + revoked)
) with (fillfactor = 90)

create unique index uq_lot_attempt on lot (learner, issuer, attempt)
  where attempt is not null and revoked < issued

create table entry (
  learner bigint not null,
  recorded_at timestamptz not null,
  sequence integer not null,
  effective_on date not null,
  scheme smallint not null,
  kind smallint not null,
  id uuid not null,
  batch uuid not null,
  reverses integer,
  key_hash uuid not null,
  payload_hash uuid not null,
  commitment bytea not null,
  constraint pk_entry primary key (learner, scheme, sequence)
)

create unique index uq_entry_key on entry (key_hash, learner)

create unique index uq_entry_reverses on entry (learner, scheme, reverses) where reverses is not null

create index ix_entry_batch on entry (batch)

create table posting (
  learner bigint not null,
  amount bigint not null constraint ck_posting_amount check (amount <> 0),
  entry integer not null,
  lot integer,
  scheme smallint not null,
  line smallint not null,
  bucket smallint not null,
  institution uuid,
  constraint ck_posting_side check ((lot is null) <> (institution is null)),
  constraint pk_posting primary key (learner, entry, scheme, line)
)

create table deposit_batch (
  id uuid constraint pk_deposit_batch primary key,
  institution uuid not null,
  client varchar not null,
  recorded_at timestamptz not null,
  amount bigint not null,
  posted integer not null,
  replayed integer not null,
  conflicts integer not null,
  refused integer not null,
  scheme smallint not null
)

create index ix_deposit_batch_institution_scheme on deposit_batch (institution, scheme) include (posted, amount)
