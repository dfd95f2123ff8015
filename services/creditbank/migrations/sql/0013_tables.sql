-- `home` names the bank node to which the learner's books were moved; none: they are here. `arrived`: some came by a move.
alter table learner
  add column home varchar,
  add column arrived boolean not null default false

-- `moved` is what left for another node. `away` and `arrived` say of the learner what the writers need with the row.
alter table account
  add column moved bigint not null default 0,
  add column away boolean not null default false,
  add column arrived boolean not null default false,
  drop constraint ck_account_not_negative,
  add constraint ck_account_not_negative check (
    least(provisional, available, held, redeemed, converted, expired, revoked, moved) >= 0)

alter table lot
  add column moved integer not null default 0,
  drop constraint ck_lot_not_negative,
  add constraint ck_lot_not_negative check (
    least(provisional, available, held, redeemed, converted, expired, revoked, moved) >= 0),
  drop constraint ck_lot_parts,
  add constraint ck_lot_parts check (issued::bigint =
    provisional::bigint + available + held + redeemed + converted + expired + revoked + moved)

-- An attempt is at home where its credits are: what left does not hinder their coming back.
drop index uq_lot_attempt

create unique index uq_lot_attempt on lot (learner, issuer, attempt)
  where attempt is not null and revoked < issued and moved = 0

-- A move out of this node, under its id. `statement` says in canonical JSON what moves and what stays; `digest` is its
-- SHA-256, to which the entries of the move commit. Of an erased learner the statement is gone.
create table departure (
  learner bigint not null,
  requested_at timestamptz not null,
  ended_at timestamptz,
  tried_at timestamptz,
  tries integer not null default 0,
  id uuid not null,
  requested_by uuid not null,
  follows boolean not null,
  withdrawn boolean not null default false,
  state varchar not null default 'open' constraint ck_departure_state check (state in ('open', 'settled', 'returned')),
  destination varchar not null,
  digest bytea not null,
  statement varchar,
  reason varchar,
  trouble varchar,
  constraint pk_departure primary key (learner, id),
  constraint ck_departure_end check ((state = 'open') = (ended_at is null))
)

create unique index uq_departure_open on departure (learner) where state = 'open'

create index ix_departure_id on departure (id)

create index ix_departure_requested_at on departure (requested_at) where state = 'open'

-- The entry by which a book's credits left; `learner` is the book's.
create table departure_book (
  learner bigint not null,
  entry integer not null,
  scheme smallint not null,
  move uuid not null,
  destination varchar not null,
  digest bytea not null,
  constraint pk_departure_book primary key (learner, scheme, entry)
)

create index ix_departure_book_move on departure_book (move)

-- A move to this node: the other's statement as it came, and what proves it.
create table arrival (
  learner bigint not null,
  arrived_at timestamptz not null,
  id uuid not null,
  follows boolean not null,
  origin varchar not null,
  digest bytea not null,
  statement varchar,
  evidence json,
  constraint pk_arrival primary key (learner, id)
)

create index ix_arrival_id on arrival (id)

-- Where a lot that came by a move was before. `used` is what had been spent of it there; keys are those of its deposit.
create table arrival_lot (
  learner bigint not null,
  used bigint not null,
  number integer not null,
  source_lot integer not null,
  scheme smallint not null,
  move uuid not null,
  key_hash uuid not null,
  payload_hash uuid not null,
  digest bytea not null,
  origin varchar not null,
  constraint pk_arrival_lot primary key (learner, scheme, number)
)

create index ix_arrival_lot_move on arrival_lot (move)

-- Moves that are not taken in, whenever their documents come: the other node gives the credits back. Names nobody.
create table refused_arrival (
  id uuid not null,
  refused_at timestamptz not null default now(),
  origin varchar not null,
  reason varchar not null,
  constraint pk_refused_arrival primary key (id, origin)
)

-- Deposits of which all or a part was used up at another node: neither their keys nor their attempts count anew here.
create table spent_elsewhere (
  learner bigint not null,
  key_hash uuid not null,
  payload_hash uuid not null,
  entry uuid not null,
  issuer uuid not null,
  is_live boolean not null,
  attempt text collate "C",
  constraint pk_spent_elsewhere primary key (learner, key_hash)
)

create index ix_spent_elsewhere_attempt on spent_elsewhere (learner, issuer, attempt) where attempt is not null and is_live

-- A book opened while its learner is moved belongs where the others are: it waits for the end of a move.
create function account_knows_its_home() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  select l.home is not null, l.arrived into new.away, new.arrived
    from learner l where l.number = new.learner for key share;
  return new;
end $$

create trigger account_knows_its_home before insert on account for each row execute function account_knows_its_home()

-- What people may read of an erased learner's moves goes with the link to the book.
create function forget_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update departure d set statement = null,
      requested_by = case when d.requested_by = old.id then gen_random_uuid() else d.requested_by end
    where d.learner = old.number;
  update arrival a set statement = null, evidence = null where a.learner = old.number;
  delete from spent_elsewhere s where s.learner = old.number;
  return null;
end $$

create trigger moves_are_forgotten after update of id on learner for each row
  when (old.id <> new.id) execute function forget_moves()

-- Everything that is read as the books of one learner: the own one and those of records merged into it.
create function books_of(of_learner bigint) returns bigint[] language sql stable
set search_path = pg_catalog, public, pg_temp
return array(select m.number from learner l join learner m
    on m.number = coalesce(l.merged_into, l.number) or m.merged_into = coalesce(l.merged_into, l.number)
  where l.number = of_learner order by m.number)
