-- What is told of awards; of each the highest version stays.
alter table award add column version integer not null default 1

-- Tells others what happened to credits: one event for each kind, institution and scheme. What is set aside and given
-- back stays with the learner, so nobody is told; of the erased nothing is told.
create function tell_operations(operations ledger_operation[], moves ledger_move[]) returns void
language plpgsql as $$
#variable_conflict use_column
declare
  o ledger_operation;
  kinds smallint[] := '{}';
  learners bigint[] := '{}';
  schemes smallint[] := '{}';
begin
  foreach o in array operations loop
    if o.answer is null and o.kind in (5, 6, 9, 10) then
      kinds[o.op] := o.kind;
      learners[o.op] := o.learner;
      schemes[o.op] := o.scheme;
    end if;
  end loop;
  if kinds = '{}' then
    return;
  end if;
  insert into outbox (id, type, subject, data)
    select uuid7(), 'creditbank.credits.' || case o.kind when 5 then 'redeemed' when 6 then 'rescinded' when 9 then 'expired'
        else 'revoked' end || '.v1', g.issuer, ('{"institution":"' || g.issuer || '","scheme":' || json_string(o.code)
      || ',"entries":[' || string_agg('{"id":"' || o.entry || '","learner":"' || o.person || '","amount":"'
        || credits_text(g.amount) || '"' || case when o.kind = 10 then ',"expired":"' || credits_text(g.expired) || '"' else '' end
        || coalesce(',"reverses":"' || (select r.id from entry r where o.kind in (6, 10) and r.learner = o.learner
          and r.scheme = o.scheme and r.sequence = o.target) || '"', '') || '}', ',') || ']}')::json
    from (
      select m.op, t.issuer, sum(m.amount)::bigint as amount,
        coalesce(sum(m.amount) filter (where m.source = 6), 0)::bigint as expired
      from unnest(moves) m
      join lot t on t.learner = learners[m.op] and t.scheme = schemes[m.op] and t.number = m.lot
      where kinds[m.op] <> 5 or m.destination = 4
      group by m.op, t.issuer
    ) g
    join unnest(operations) o on o.op = g.op
    where exists (select from shred_key k where k.learner = o.learner)
    group by o.kind, g.issuer, o.code;
end $$

-- The former is in 0004_moving.sql, and told nobody.
create or replace function move_credits(
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
    perform tell_operations(current, moves);
    return query select o.op, coalesce(o.answer, 'posted'), case when o.answer is null then o.entry else o.known end,
      case when o.answer is null then o.sequence + 1 else o.known_sequence end, o.reason from unnest(current) o;
  end loop;
end $$

-- What 0004_conversions.sql made goes on writing the books; who calls it by its old name has others told as well.
alter function post_conversions(bigint[], smallint[], uuid[], uuid[], bytea[], uuid[], uuid[], integer[], integer[],
  integer[], integer[], smallint[], uuid[], integer[], integer[], bigint[], integer[], uuid[], bytea[])
  rename to convert_credits

create function post_conversions(
  learners bigint[], schemes smallint[], entries uuid[], batches uuid[], salts bytea[], key_hashes uuid[],
  payload_hashes uuid[], targets integer[], part_ops integer[], part_lots integer[], part_amounts integer[],
  to_schemes smallint[], rules uuid[], numerators integer[], denominators integer[], remainders bigint[],
  issued integer[], lot_entries uuid[], lot_salts bytea[]
) returns setof ledger_answer
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  answers ledger_answer[] := (select array_agg(a) from convert_credits(learners, schemes, entries, batches, salts,
    key_hashes, payload_hashes, targets, part_ops, part_lots, part_amounts, to_schemes, rules, numerators, denominators,
    remainders, issued, lot_entries, lot_salts) a);
begin
  insert into outbox (id, type, subject, data)
    select uuid7(), 'creditbank.credits.converted.v1', g.issuer, ('{"institution":"' || g.issuer || '","scheme":'
      || json_string(s.code) || ',"target":' || json_string(n.code) || ',"entries":[' || string_agg('{"id":"' || g.entry
        || '","learner":"' || g.person || '","amount":"' || credits_text(g.amount) || '","issued":"' || credits_text(g.issued)
        || '","lots":' || g.lots || ',"rule":"' || g.rule || '"}', ',') || ']}')::json
    from (
      select a.entry, b.person, schemes[a.op] as scheme, to_schemes[a.op] as target, rules[a.op] as rule, t.issuer,
        sum(p.amount)::bigint as amount, sum(p.issued)::bigint as issued, count(*) filter (where p.issued > 0) as lots
      from unnest(answers) a
      join unnest(part_ops, part_lots, part_amounts, issued) as p (op, lot, amount, issued) on p.op = a.op
      join account b on b.learner = learners[a.op] and b.scheme = schemes[a.op]
      join lot t on t.learner = b.learner and t.scheme = b.scheme and t.number = p.lot
      where a.answer = 'posted' and exists (select from shred_key k where k.learner = b.learner)
      group by a.op, a.entry, b.person, t.issuer
    ) g
    join scheme s on s.id = g.scheme join scheme n on n.id = g.target
    group by g.issuer, s.code, n.code;
  return query select * from unnest(answers);
end $$
