-- An operation as it was sent, and what the books say of what it names.
create type ledger_operation as (
  op integer, learner bigint, scheme smallint, kind smallint, entry uuid, batch uuid, salt bytea, key_hash uuid,
  payload_hash uuid, target integer, until timestamptz, purpose text, conversion text,
  sequence integer, head bytea, person uuid, code text, known uuid, known_sequence integer, answer text, reason text
)

-- Every movement stays in one lot: it goes from one of its parts to another.
create type ledger_move as (op integer, lot integer, source smallint, destination smallint, amount bigint)

create type ledger_answer as (op integer, answer text, entry uuid, sequence integer, reason text)

-- The parts of the books that every operation needs locked, in the order every writer keeps.
create function lock_accounts(learners bigint[], schemes smallint[]) returns void
language plpgsql as $$
#variable_conflict use_column
begin
  perform from (select distinct i.learner, i.scheme from unnest(learners, schemes) as i (learner, scheme)) i
    join account a on a.learner = i.learner and a.scheme = i.scheme
    order by a.learner, a.scheme for no key update of a;
end $$

-- What operations make of the lots they name: of a hold what is captured and what comes free, of others their parts.
create function moves_of(
  operations ledger_operation[], part_ops integer[], part_lots integer[], part_amounts integer[], valid_after date
) returns setof ledger_move
language plpgsql as $$
#variable_conflict use_column
begin
  return query with o as materialized (select * from unnest(operations) where answer is null),
  part as materialized (select * from unnest(part_ops, part_lots, part_amounts) as p (op, lot, amount))
  select o.op, p.lot, 2::smallint, (case o.kind when 2 then 3 when 5 then 4 else 5 end)::smallint, p.amount::bigint
    from o join part p on p.op = o.op where o.kind in (2, 5, 7) and o.target is null
  union all
  select o.op, h.lot, 3::smallint, m.destination, m.amount
    from o join posting h on h.learner = o.learner and h.scheme = o.scheme and h.entry = o.target
      and h.bucket = 3 and h.amount > 0
    left join part p on p.op = o.op and p.lot = h.lot
    cross join lateral (values
      ((case o.kind when 5 then 4 else 5 end)::smallint, case when o.kind in (5, 7) then coalesce(p.amount, 0) else 0 end),
      (2::smallint, h.amount - case when o.kind in (5, 7) then coalesce(p.amount, 0) else 0 end)
    ) as m (destination, amount)
    where o.kind in (3, 4, 5, 7) and m.amount <> 0
  union all
  select o.op, p.lot, 4::smallint, 2::smallint, p.amount
    from o join posting p on p.learner = o.learner and p.scheme = o.scheme and p.entry = o.target
      and p.bucket = 4 and p.amount > 0
    where o.kind = 6
  union all
  select o.op, t.number, 2::smallint, 6::smallint, t.available::bigint
    from o join lot t on t.learner = o.learner and t.scheme = o.scheme and t.available > 0
      and t.expires_on <= valid_after
    where o.kind = 9
  union all
  select o.op, t.number, m.source, 7::smallint, m.amount
    from o join lot t on t.learner = o.learner and t.scheme = o.scheme and t.number = o.target
    cross join lateral (values
      (1::smallint, t.provisional::bigint), (2::smallint, t.available), (6::smallint, t.expired)) as m (source, amount)
    where o.kind = 10 and m.amount > 0;
end $$

-- Why an operation cannot be, as far as its lots say; nothing where it can.
create function refusals_of(
  operations ledger_operation[], moves ledger_move[], part_ops integer[], part_lots integer[], part_amounts integer[],
  valid_after date
) returns table (op integer, reason text)
language plpgsql as $$
#variable_conflict use_column
begin
  return query with o as materialized (select * from unnest(operations) where answer is null),
  moved as materialized (
    select m.op, m.lot, sum(m.amount) as amount, min(m.amount) as least_amount,
      sum(m.amount) filter (where m.source = 2) as from_available, count(*) as moves
    from unnest(moves) m group by m.op, m.lot
  ), judged as (
    select o.op, case
        when t.number is null then 'lot_unknown'
        when m.least_amount <= 0 then case when o.target is null then 'amount_invalid' else 'hold_exceeded' end
        when o.kind in (2, 5, 7) and o.target is null and t.expires_on <= valid_after then 'credits_expired'
        when o.kind = 10 and m.amount <> t.issued then 'credits_in_use'
        when m.from_available > t.available then 'credits_insufficient' end as reason
    from o join moved m on m.op = o.op
    left join lot t on t.learner = o.learner and t.scheme = o.scheme and t.number = m.lot
    union all
    -- what is captured was held: as many of the same lots
    select o.op, 'hold_exceeded'
    from o join unnest(part_ops, part_lots, part_amounts) as p (op, lot, amount) on p.op = o.op
    where o.target is not null and not exists (select from posting h
      where h.learner = o.learner and h.scheme = o.scheme and h.entry = o.target and h.lot = p.lot
        and h.bucket = 3 and h.amount >= p.amount and p.amount > 0)
    union all
    select o.op, 'lot_repeated'
    from o join unnest(part_ops, part_lots) as p (op, lot) on p.op = o.op
    group by o.op, p.lot having count(*) > 1
    union all
    select o.op, case o.kind when 10 then 'credits_in_use' else 'nothing_to_move' end
    from o where not exists (select from moved m where m.op = o.op)
      or o.kind in (2, 5, 7) and not exists (select from unnest(part_ops) p where p = o.op)
  )
  select j.op, min(j.reason) from judged j where j.reason is not null group by j.op;
end $$

-- The state of what operations name, once their accounts are locked, and why they cannot be as far as that says.
create function judge_operations(operations ledger_operation[], recorded timestamptz) returns ledger_operation[]
language plpgsql as $$
#variable_conflict use_column
begin
  return (select array_agg((o.op, o.learner, o.scheme, o.kind, o.entry, o.batch, o.salt, o.key_hash, o.payload_hash, o.target,
      o.until, o.purpose, o.conversion, a.sequence, a.head, a.person, s.code, e.id, e.sequence,
      case when e.id is not null then case when e.payload_hash = o.payload_hash then 'replayed' else 'conflict' end
        when r.reason is not null then 'refused' end,
      case when e.id is null then r.reason end)::ledger_operation order by o.op)
  from unnest(operations) o
  left join account a on a.learner = o.learner and a.scheme = o.scheme
  left join scheme s on s.id = o.scheme
  left join entry e on e.key_hash = o.key_hash and e.learner = o.learner
  left join hold h on o.kind in (3, 4, 5, 7) and h.learner = o.learner and h.scheme = o.scheme and h.entry = o.target
  left join entry t on o.kind in (6, 10) and t.learner = o.learner and t.scheme = o.scheme and t.sequence = o.target
  cross join lateral (select case
    when o.kind in (2, 5, 7) and exists (select from learner l join account_freeze f
        on f.learner in (l.number, l.merged_into) and f.ended_at is null
      where l.number = o.learner) then 'account_frozen'
    when a.learner is null or length(o.salt) is distinct from 32 then 'account_unknown'
    when o.kind = 2 and o.until <= recorded then 'hold_lapsed'
    when o.kind in (3, 4) or o.kind in (5, 7) and o.target is not null then case
      when h.entry is null then 'hold_unknown'
      when h.resolved is not null then 'hold_resolved'
      when o.kind = 4 and h.until > recorded then 'hold_current'
      when o.kind in (5, 7) and h.until <= recorded then 'hold_lapsed' end
    when o.kind in (6, 10) then case
      when t.kind is distinct from case o.kind when 6 then 5 else 1 end then 'entry_unknown'
      when exists (select from entry v where v.learner = t.learner and v.scheme = t.scheme and v.reverses = t.sequence)
        then 'entry_reversed' end
    end as reason) r);
end $$

create function write_operations(operations ledger_operation[], moves ledger_move[], recorded timestamptz)
returns void
language plpgsql as $$
#variable_conflict use_column
declare
  today date := (recorded at time zone 'utc')::date;
  lines record;
begin
  with side as materialized (
    select m.op, (row_number() over (partition by m.op order by m.lot, m.source, m.destination, v.amount))::smallint as line,
      m.lot, v.bucket, v.amount
    from unnest(moves) m
    cross join lateral (values (-m.amount, m.source), (m.amount, m.destination)) as v (amount, bucket)
  ), told as (
    select s.op, string_agg('["' || credits_text(s.amount) || '","' || bucket_name(s.bucket) || '",' || s.lot || ']',
      ',' order by s.line) as lines
    from side s group by s.op
  ), drafted as materialized (
    select o.*, o.sequence + 1 as number, case when o.kind in (3, 4, 5, 7) then o.target end as resolves,
      case when o.kind in (6, 10) then o.target end as reverses, t.lines
    from unnest(operations) o join told t on t.op = o.op where o.answer is null
  ), entered as (
    insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, reverses, resolves,
        key_hash, payload_hash, commitment)
      select d.learner, recorded, d.number, today, d.scheme, d.kind, d.entry, d.batch, d.reverses, d.resolves,
        d.key_hash, d.payload_hash, commitment_after(d.head, d.salt,
          document_before(d.batch, d.conversion, today, case when d.kind = 2 then hold_document(d.purpose, d.until) end,
            d.entry, d.kind, d.person, null, d.lines),
          document_after(recorded, d.resolves, d.reverses, d.code, d.number))
      from drafted d
    returning learner, scheme, sequence, commitment
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket)
      select d.learner, s.amount, d.number, s.lot, d.scheme, s.line, s.bucket
      from side s join drafted d on d.op = s.op
  ), kept as (
    insert into hold (learner, until, entry, scheme, id, purpose)
      select d.learner, d.until, d.number, d.scheme, d.entry, d.purpose from drafted d where d.kind = 2
  ), resolved as (
    update hold h set resolved = d.number from drafted d
      where d.resolves is not null and h.learner = d.learner and h.scheme = d.scheme and h.entry = d.resolves
  ), summed as materialized (
    select d.learner, d.scheme, s.lot, sum(s.amount) filter (where s.bucket = 1) as provisional,
      sum(s.amount) filter (where s.bucket = 2) as available, sum(s.amount) filter (where s.bucket = 3) as held,
      sum(s.amount) filter (where s.bucket = 4) as redeemed, sum(s.amount) filter (where s.bucket = 5) as converted,
      sum(s.amount) filter (where s.bucket = 6) as expired, sum(s.amount) filter (where s.bucket = 7) as revoked
    from side s join drafted d on d.op = s.op group by d.learner, d.scheme, s.lot
  ), moved as (
    update lot t set provisional = t.provisional + coalesce(s.provisional, 0),
        available = t.available + coalesce(s.available, 0), held = t.held + coalesce(s.held, 0),
        redeemed = t.redeemed + coalesce(s.redeemed, 0), converted = t.converted + coalesce(s.converted, 0),
        expired = t.expired + coalesce(s.expired, 0), revoked = t.revoked + coalesce(s.revoked, 0)
      from summed s where t.learner = s.learner and t.scheme = s.scheme and t.number = s.lot
  ), whole as (
    select s.learner, s.scheme, sum(s.provisional) as provisional, sum(s.available) as available, sum(s.held) as held,
      sum(s.redeemed) as redeemed, sum(s.converted) as converted, sum(s.expired) as expired, sum(s.revoked) as revoked
    from summed s group by s.learner, s.scheme
  )
  update account a set provisional = a.provisional + coalesce(w.provisional, 0),
      available = a.available + coalesce(w.available, 0), held = a.held + coalesce(w.held, 0),
      redeemed = a.redeemed + coalesce(w.redeemed, 0), converted = a.converted + coalesce(w.converted, 0),
      expired = a.expired + coalesce(w.expired, 0), revoked = a.revoked + coalesce(w.revoked, 0),
      sequence = e.sequence, head = e.commitment, version = a.version + 1
    from whole w join entered e on e.learner = w.learner and e.scheme = w.scheme
    where a.learner = w.learner and a.scheme = w.scheme;
end $$

-- Operations of one account follow one another, each seeing what those before it did; those of others go together.
create function move_credits(
  operations ledger_operation[], part_ops integer[], part_lots integer[], part_amounts integer[]
) returns setof ledger_answer
language plpgsql as $$
#variable_conflict use_column
declare
  recorded timestamptz := now();
  valid_after date := expired_through(now());
  turns integer[] := array(select (row_number() over (partition by o.learner, o.scheme order by o.op))::integer
    from unnest(operations) o order by o.op);
  last_turn integer := (select max(t) from unnest(turns) t);
  current ledger_operation[] := operations;
  moves ledger_move[];
begin
  for turn in 1 .. coalesce(last_turn, 0) loop
    if last_turn > 1 then
      current := (select array_agg(o) from unnest(operations) o where turns[o.op] = turn);
    end if;
    current := judge_operations(current, recorded);
    moves := (select array_agg(m) from moves_of(current, part_ops, part_lots, part_amounts, valid_after) m);
    current := (select array_agg((o.op, o.learner, o.scheme, o.kind, o.entry, o.batch, o.salt, o.key_hash,
        o.payload_hash, o.target, o.until, o.purpose, o.conversion, o.sequence, o.head, o.person, o.code, o.known,
        o.known_sequence, case when r.reason is not null then 'refused' else o.answer end,
        coalesce(r.reason, o.reason))::ledger_operation)
      from unnest(current) o
      left join refusals_of(current, moves, part_ops, part_lots, part_amounts, valid_after) r on r.op = o.op);
    perform write_operations(current, moves, recorded);
    return query select o.op, coalesce(o.answer, 'posted'), case when o.answer is null then o.entry else o.known end,
      case when o.answer is null then o.sequence + 1 else o.known_sequence end, o.reason from unnest(current) o;
  end loop;
end $$

create function post_operations(
  learners bigint[], schemes smallint[], kinds smallint[], entries uuid[], batches uuid[], salts bytea[],
  key_hashes uuid[], payload_hashes uuid[], targets integer[], untils timestamptz[], purposes text[],
  part_ops integer[], part_lots integer[], part_amounts integer[]
) returns setof ledger_answer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD'
set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
begin
  -- Deposits and conversions issue lots, which other functions do.
  if not array[2, 3, 4, 5, 6, 9, 10]::smallint[] @> kinds then
    raise exception 'not a kind of operation' using errcode = 'invalid_parameter_value';
  end if;
  perform lock_accounts(learners, schemes);
  return query select * from move_credits((
    select array_agg((i.op, i.learner, i.scheme, i.kind, i.entry, i.batch, i.salt, i.key_hash, i.payload_hash,
      i.target, i.until, i.purpose, null, null, null, null, null, null, null, null, null)::ledger_operation)
    from unnest(learners, schemes, kinds, entries, batches, salts, key_hashes, payload_hashes, targets, untils, purposes)
      with ordinality as i (learner, scheme, kind, entry, batch, salt, key_hash, payload_hash, target, until, purpose, op)
  ), part_ops, part_lots, part_amounts);
end $$
