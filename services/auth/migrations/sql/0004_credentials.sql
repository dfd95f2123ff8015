alter table account
  add column short_password boolean default false not null,
  add column password_from uuid

create table second_factor (
  person_id uuid not null,
  secret bytea not null,
  session_id uuid not null,
  created_at timestamptz default now() not null,
  confirmed_at timestamptz,
  last_step bigint default 0 not null,
  failures integer default 0 not null,
  constraint pk_second_factor primary key (person_id),
  constraint fk_second_factor_person_id foreign key(person_id) references person (id)
)

create table recovery_code (
  person_id uuid not null,
  digest bytea not null,
  created_at timestamptz default now() not null,
  used_at timestamptz,
  constraint pk_recovery_code primary key (person_id, digest),
  constraint fk_recovery_code_person_id foreign key(person_id) references person (id)
)

create table recovery_wish (
  id uuid default uuid7() not null,
  canonical varchar not null,
  language varchar not null,
  created_at timestamptz default now() not null,
  constraint pk_recovery_wish primary key (id)
)

create table recovery_link (
  digest bytea not null,
  person_id uuid not null,
  address_digest bytea not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint pk_recovery_link primary key (digest),
  constraint fk_recovery_link_person_id foreign key(person_id) references person (id)
)

create index ix_recovery_link_person_id on recovery_link (person_id, created_at)

create index ix_recovery_link_created_at on recovery_link (created_at)

create table mail (
  id uuid default uuid7() not null,
  recipient varchar not null,
  subject varchar not null,
  body varchar not null,
  created_at timestamptz default now() not null,
  due_at timestamptz default now() not null,
  until timestamptz not null,
  attempts integer default 0 not null,
  constraint pk_mail primary key (id)
)

create index ix_mail_due_at on mail (due_at)
