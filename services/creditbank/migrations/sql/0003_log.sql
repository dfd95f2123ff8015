-- Public logs of commitments (C2SP tlog-tiles). The newest one takes the leaves; `succession` ties it to the one before.
create table log (
  number smallint generated always as identity constraint pk_log primary key,
  name varchar not null constraint uq_log_name unique,
  origin varchar not null constraint uq_log_origin unique,
  begun_at timestamptz not null default now(),
  leaves bigint not null default 0,
  succession bytea
)

create table log_key (
  log smallint not null,
  public_key bytea not null,
  sealed bytea not null,
  added_at timestamptz not null default now(),
  retired_at timestamptz,
  constraint pk_log_key primary key (log, public_key)
)

-- Commitments of committed entries that have no place in a log yet: a row for each statement that made entries.
create table log_pending (
  position bigint generated always as identity constraint pk_log_pending primary key,
  leaves integer not null,
  commitments bytea[] not null
)

alter table log_pending alter column commitments set storage external

-- The order of the leaves, decided here before anything else is written: leaf n of a block is the n-th commitment.
create table log_block (
  log smallint not null,
  first bigint not null,
  leaves integer not null,
  sequenced_at timestamptz not null,
  commitments bytea[] not null,
  constraint pk_log_block primary key (log, first),
  constraint ck_log_block_leaves check (leaves = cardinality(commitments))
)

alter table log_block alter column commitments set storage external

create index ix_log_block_sequenced_at on log_block (sequenced_at)

create table log_checkpoint (
  log smallint not null,
  size bigint not null,
  signed_at timestamptz not null default now(),
  root bytea not null,
  note varchar not null,
  constraint pk_log_checkpoint primary key (log, size)
)

create function await_leaves() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into log_pending (leaves, commitments)
    select count(*), array_agg(commitment) from fresh having count(*) > 0;
  return null;
end $$

-- No function that writes entries can forget the log.
create trigger entry_awaits_its_leaf after insert on entry referencing new table as fresh
  for each statement execute function await_leaves()

insert into log_pending (leaves, commitments)
  select count(*), array_agg(commitment) from (
    select commitment, (row_number() over (order by recorded_at, id) - 1) / 1000 as part from entry
  ) e group by part order by part

create function order_leaves(of_log smallint, most integer) returns setof log_block
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  here log%rowtype;
  fresh bytea[];
begin
  -- The row of the log is the lock: whoever else orders leaves waits here.
  select * into here from log order by number desc limit 1 for no key update;
  if here.number is distinct from of_log then
    raise exception 'log % does not take leaves any more', of_log using errcode = 'object_not_in_prerequisite_state';
  end if;
  with oldest as (
    select position from (
      select position, sum(leaves) over (order by position) - leaves as before
      from (select p.position, p.leaves from log_pending p order by p.position limit 4000) p
    ) p where before < most
  ), taken as (
    delete from log_pending p using oldest o where p.position = o.position returning p.commitments
  )
  -- Salted hashes in the order of their values are shuffled: their order says nothing of when they were posted.
  select array_agg(c order by c) into fresh from (select distinct unnest(commitments) as c from taken) d;
  if fresh is null then
    return;
  end if;
  update log l set leaves = l.leaves + cardinality(fresh) where l.number = of_log;
  return query insert into log_block (log, first, leaves, sequenced_at, commitments)
    values (of_log, here.leaves, cardinality(fresh), clock_timestamp(), fresh) returning *;
end $$

create function record_checkpoint(of_log smallint, previous bigint, new_size bigint, new_root bytea, new_note text)
returns void language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  ordered bigint;
  newest bigint;
begin
  select leaves into ordered from log where number = of_log for no key update;
  select max(size) into newest from log_checkpoint where log = of_log;
  if newest is distinct from previous or new_size <= previous or new_size > ordered then
    raise exception 'the checkpoint of % leaves does not follow that of %', new_size, newest
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  insert into log_checkpoint (log, size, root, note) values (of_log, new_size, new_root, new_note);
end $$

create function begin_log(new_name text, new_origin text, new_public_key bytea, new_sealed bytea) returns smallint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  before log%rowtype;
  last log_checkpoint%rowtype;
  begun smallint;
  tie bytea;
begin
  lock table log in share row exclusive mode;
  select * into before from log order by number desc limit 1 for no key update;
  if before.number is not null then
    select * into last from log_checkpoint where log = before.number order by size desc limit 1;
    if last.size is distinct from before.leaves then
      raise exception 'log % is not sealed to its end', before.name using errcode = 'object_not_in_prerequisite_state';
    end if;
    tie := sha256(convert_to('xuebu creditbank log succession' || chr(10) || last.note, 'UTF8'));
  end if;
  insert into log (name, origin, leaves, succession)
    values (new_name, new_origin, case when tie is null then 0 else 1 end, tie) returning number into begun;
  if tie is not null then
    insert into log_block values (begun, 0, 1, clock_timestamp(), array[tie]);
  end if;
  insert into log_key (log, public_key, sealed) values (begun, new_public_key, new_sealed);
  return begun;
end $$

create function add_log_key(of_log smallint, new_public_key bytea, new_sealed bytea) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  insert into log_key (log, public_key, sealed) values (of_log, new_public_key, new_sealed);
end

create function retire_log_key(of_log smallint, old_public_key bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- The last key stays: a log without one could never be signed again. The private key is not kept for nothing.
  update log_key k set retired_at = now(), sealed = ''
    where k.log = of_log and k.public_key = old_public_key and k.retired_at is null
      and exists (select from log_key o where o.log = of_log and o.retired_at is null
        and o.public_key <> old_public_key);
  return found;
end $$

-- The leaf of an entry: in a block that was ordered after the entry was recorded, nearly always the first of them.
create function leaf_of(of_commitment bytea, recorded timestamptz)
returns table (log smallint, leaf bigint)
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare
  b record;
  place integer;
begin
  for b in select k.log, k.first from log_block k where k.sequenced_at >= recorded order by k.sequenced_at limit 600 loop
    select array_position(k.commitments, of_commitment) into place from log_block k
      where k.log = b.log and k.first = b.first;
    if place is not null then
      return query select b.log, b.first + place - 1;
      return;
    end if;
  end loop;
  if exists (select from log_pending p where of_commitment = any(p.commitments)) then
    return;
  end if;
  -- Only after the clock of the database was put back, or a transaction of ten minutes.
  return query select k.log, k.first + array_position(k.commitments, of_commitment) - 1 from log_block k
    where k.sequenced_at >= recorded - interval '1 day' and of_commitment = any(k.commitments) limit 1;
end $$

-- The first checkpoint whose root does not follow from the leaves (RFC 6962, section 2.1): computed anew, leaf by leaf.
create function broken_checkpoint() returns table (log smallint, size bigint)
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare
  k record;
  c record;
  stack bytea[];
  node bytea;
  seen bigint;
  rest bigint;
  top integer;
begin
  for k in select l.number from log l order by l.number loop
    stack := '{}';
    top := 0;
    seen := 0;
    for c in
      select n.size, n.root, n.leaf from (
        select p.size, p.root, null::bytea as leaf from log_checkpoint p where p.log = k.number
        union all
        select b.first + u.n, null, u.leaf from log_block b, unnest(b.commitments) with ordinality as u (leaf, n)
        where b.log = k.number
      ) n order by n.size, n.root nulls first
    loop
      if c.leaf is not null then
        node := sha256('\x00'::bytea || c.leaf);
        rest := seen;
        while rest % 2 = 1 loop
          node := sha256('\x01'::bytea || stack[top] || node);
          top := top - 1;
          rest := rest / 2;
        end loop;
        top := top + 1;
        stack[top] := node;
        seen := seen + 1;
      else
        node := case when seen = 0 then sha256(''::bytea) else stack[top] end;
        for i in reverse top - 1 .. 1 loop
          node := sha256('\x01'::bytea || stack[i] || node);
        end loop;
        if seen <> c.size or node is distinct from c.root then
          return query select k.number, c.size;
          return;
        end if;
      end if;
    end loop;
  end loop;
end $$
