-- A later definition of what 0004_moving.sql has: of moved books nothing is spent or revoked, and what came by a move can
-- be revoked here, unless some of it was spent where it was before.
create or replace function judge_operations(operations ledger_operation[], recorded timestamptz) returns ledger_operation[]
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
    when o.kind in (2, 5, 7, 10) and a.away then 'account_moved ' || (select l.home from learner l where l.number = o.learner)
    when a.learner is null or length(o.salt) is distinct from 32 then 'account_unknown'
    when o.kind = 2 and o.until <= recorded then 'hold_lapsed'
    when o.kind in (3, 4) or o.kind in (5, 7) and o.target is not null then case
      when h.entry is null then 'hold_unknown'
      when h.resolved is not null then 'hold_resolved'
      when o.kind = 4 and h.until > recorded then 'hold_current'
      when o.kind in (5, 7) and h.until <= recorded then 'hold_lapsed' end
    when o.kind in (6, 10) then case
      when t.kind is distinct from case when o.kind = 6 then 5 when t.kind = 13 then 13 else 1 end then 'entry_unknown'
      when exists (select from arrival_lot v where v.learner = t.learner and v.scheme = t.scheme and v.number = t.sequence
        and v.used > 0) then 'credits_in_use'
      when exists (select from entry v where v.learner = t.learner and v.scheme = t.scheme and v.reverses = t.sequence)
        then 'entry_reversed' end
    end as reason) r);
end $$
