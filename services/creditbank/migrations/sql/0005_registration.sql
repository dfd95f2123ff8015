-- Who let an institution into the bank, or out of it, and why. Its standing is that of the newest change.
alter table institution
  drop constraint ck_institution_standing,
  add constraint ck_institution_standing check (
    standing in ('unregistered', 'applied', 'reviewed', 'registered', 'suspended', 'withdrawn'))

create table standing_change (
  id uuid constraint pk_standing_change primary key,
  institution uuid not null,
  act varchar not null constraint ck_standing_change_act check (
    act in ('apply', 'review', 'register', 'refuse', 'suspend', 'reinstate', 'withdraw')),
  standing varchar not null,
  by uuid not null,
  reason varchar,
  at timestamptz not null default now()
)

create index ix_standing_change_institution_id on standing_change (institution, id)
