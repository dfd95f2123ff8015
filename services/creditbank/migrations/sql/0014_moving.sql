-- The same as in 0004_moving.sql, written so that no list is joined with another: how long they are cannot be known when a
-- statement is planned. What an operation says is looked up by its number.
create or replace function moves_of(
  operations ledger_operation[], part_ops integer[], part_lots integer[], part_amounts integer[], valid_after date
) returns setof ledger_move
language plpgsql as $$
#variable_conflict use_column
declare
  o ledger_operation;
  kinds smallint[] := '{}';
  targets integer[] := '{}';
begin
  foreach o in array operations loop
    if o.answer is null then
      kinds[o.op] := o.kind;
      targets[o.op] := o.target;
    end if;
  end loop;
  return query
    select p.op, p.lot, 2::smallint, (case kinds[p.op] when 2 then 3 when 5 then 4 else 5 end)::smallint, p.amount::bigint
    from unnest(part_ops, part_lots, part_amounts) as p (op, lot, amount)
    where kinds[p.op] in (2, 5, 7) and targets[p.op] is null;
  if not exists (select from unnest(kinds) k where k in (3, 4, 6, 9, 10)) and array_remove(targets, null) = '{}' then
    return;
  end if;
  return query with o as materialized (select * from unnest(operations) where answer is null),
  held as (
    select h.op, h.lot, sum(h.held)::bigint as held, sum(h.spent)::bigint as spent
    from (
      select o.op, h.lot, h.amount as held, 0 as spent
      from o join posting h on h.learner = o.learner and h.scheme = o.scheme and h.entry = o.target
        and h.bucket = 3 and h.amount > 0
      where o.kind in (3, 4, 5, 7)
      union all
      select p.op, p.lot, 0, p.amount from unnest(part_ops, part_lots, part_amounts) as p (op, lot, amount)
      where kinds[p.op] in (5, 7) and targets[p.op] is not null
    ) h group by h.op, h.lot
  )
  select h.op, h.lot, 3::smallint, m.destination, m.amount
    from held h
    cross join lateral (values
      ((case kinds[h.op] when 5 then 4 else 5 end)::smallint, h.spent), (2::smallint, h.held - h.spent)
    ) as m (destination, amount)
    where h.held > 0 and m.amount <> 0
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

create or replace function refusals_of(
  operations ledger_operation[], moves ledger_move[], part_ops integer[], part_lots integer[], part_amounts integer[],
  valid_after date
) returns table (op integer, reason text)
language plpgsql as $$
#variable_conflict use_column
declare
  o ledger_operation;
  kinds smallint[] := '{}';
  targets integer[] := '{}';
  learners bigint[] := '{}';
  schemes smallint[] := '{}';
begin
  foreach o in array operations loop
    if o.answer is null then
      kinds[o.op] := o.kind;
      targets[o.op] := o.target;
      learners[o.op] := o.learner;
      schemes[o.op] := o.scheme;
    end if;
  end loop;
  return query with moved as materialized (
    select m.op, m.lot, sum(m.amount::integer) as amount, min(m.amount) as least_amount,
      sum(m.amount::integer) filter (where m.source = 2) as from_available, count(*) as moves
    from unnest(moves) m group by m.op, m.lot
  ), judged as (
    select m.op, case
        when t.number is null then 'lot_unknown'
        when m.least_amount <= 0 then case when targets[m.op] is null then 'amount_invalid' else 'hold_exceeded' end
        when kinds[m.op] in (2, 5, 7) and targets[m.op] is null and t.expires_on <= valid_after then 'credits_expired'
        when kinds[m.op] = 10 and m.amount <> t.issued then 'credits_in_use'
        when m.from_available > t.available then 'credits_insufficient' end as reason
    from moved m
    left join lot t on t.learner = learners[m.op] and t.scheme = schemes[m.op] and t.number = m.lot
    union all
    -- what is captured was held: as many of the same lots
    select p.op, 'hold_exceeded'
    from unnest(part_ops, part_lots, part_amounts) as p (op, lot, amount)
    where targets[p.op] is not null and not exists (select from posting h
      where h.learner = learners[p.op] and h.scheme = schemes[p.op] and h.entry = targets[p.op] and h.lot = p.lot
        and h.bucket = 3 and h.amount >= p.amount and p.amount > 0)
    union all
    select p.op, 'lot_repeated' from unnest(part_ops, part_lots) as p (op, lot)
    where targets[p.op] is not null group by p.op, p.lot having count(*) > 1
    union all
    select m.op, 'lot_repeated' from moved m where m.moves > 1 and kinds[m.op] in (2, 5, 7) and targets[m.op] is null
    union all
    select k, case kinds[k] when 10 then 'credits_in_use' else 'nothing_to_move' end
    from generate_subscripts(kinds, 1) k
    where kinds[k] is not null and (k not in (select m.op from moved m)
      or kinds[k] in (2, 5, 7) and k not in (select p from unnest(part_ops) p))
  )
  select j.op, min(j.reason) from judged j where j.reason is not null group by j.op;
end $$

create or replace function write_operations(operations ledger_operation[], moves ledger_move[], recorded timestamptz)
returns void
language plpgsql as $$
#variable_conflict use_column
declare
  today date := (recorded at time zone 'utc')::date;
  o ledger_operation;
  learners bigint[] := '{}';
  schemes smallint[] := '{}';
  numbers integer[] := '{}';
begin
  foreach o in array operations loop
    if o.answer is null then
      learners[o.op] := o.learner;
      schemes[o.op] := o.scheme;
      numbers[o.op] := o.sequence + 1;
    end if;
  end loop;
  with moved as materialized (
    select m.op, learners[m.op] as learner, schemes[m.op] as scheme, numbers[m.op] as number, m.lot, m.source,
      m.destination, m.amount::integer as amount,
      row_number() over (partition by m.op order by m.lot, m.source, m.destination) as place
    from unnest(moves) m where numbers[m.op] is not null
  ), told as (
    select m.op, string_agg('["-' || m.credits || '","' || bucket_name(m.source) || '",' || m.lot || '],["'
      || m.credits || '","' || bucket_name(m.destination) || '",' || m.lot || ']', ',' order by m.place) as lines
    from (select m.*, credits_text(m.amount) as credits from moved m offset 0) m group by m.op
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
      select m.learner, v.amount, m.number, m.lot, m.scheme, v.line, v.bucket
      from moved m
      cross join lateral (values (-m.amount, m.source, 2 * m.place - 1), (m.amount, m.destination, 2 * m.place))
        as v (amount, bucket, line)
  ), kept as (
    insert into hold (learner, until, entry, scheme, id, purpose)
      select d.learner, d.until, d.number, d.scheme, d.entry, d.purpose from drafted d where d.kind = 2
  ), resolved as (
    update hold h set resolved = d.number from drafted d
      where d.resolves is not null and h.learner = d.learner and h.scheme = d.scheme and h.entry = d.resolves
  ), summed as materialized (
    select m.learner, m.scheme, m.lot,
      sum(case 1 when m.destination then m.amount when m.source then -m.amount else 0 end) as provisional,
      sum(case 2 when m.destination then m.amount when m.source then -m.amount else 0 end) as available,
      sum(case 3 when m.destination then m.amount when m.source then -m.amount else 0 end) as held,
      sum(case 4 when m.destination then m.amount when m.source then -m.amount else 0 end) as redeemed,
      sum(case 5 when m.destination then m.amount when m.source then -m.amount else 0 end) as converted,
      sum(case 6 when m.destination then m.amount when m.source then -m.amount else 0 end) as expired,
      sum(case 7 when m.destination then m.amount when m.source then -m.amount else 0 end) as revoked
    from moved m group by m.learner, m.scheme, m.lot
  ), settled as (
    update lot t set provisional = t.provisional + s.provisional, available = t.available + s.available,
        held = t.held + s.held, redeemed = t.redeemed + s.redeemed, converted = t.converted + s.converted,
        expired = t.expired + s.expired, revoked = t.revoked + s.revoked
      from summed s where t.learner = s.learner and t.scheme = s.scheme and t.number = s.lot
  )
  update account a set provisional = a.provisional + w.provisional, available = a.available + w.available,
      held = a.held + w.held, redeemed = a.redeemed + w.redeemed, converted = a.converted + w.converted,
      expired = a.expired + w.expired, revoked = a.revoked + w.revoked,
      sequence = e.sequence, head = e.commitment, version = a.version + 1
    from (
      select s.learner, s.scheme, sum(s.provisional) as provisional, sum(s.available) as available,
        sum(s.held) as held, sum(s.redeemed) as redeemed, sum(s.converted) as converted, sum(s.expired) as expired,
        sum(s.revoked) as revoked
      from summed s group by s.learner, s.scheme
    ) w join entered e on e.learner = w.learner and e.scheme = w.scheme
    where a.learner = w.learner and a.scheme = w.scheme;
end $$
