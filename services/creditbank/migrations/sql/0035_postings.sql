-- The two postings of a deposit are in its entry: what it gives, and the institution it takes that from. The lot it gives
-- it to has the entry's number. All other entries have lines; `posting` is the ones and the others.
alter table posting rename to posting_line

alter table posting_line rename constraint pk_posting to pk_posting_line

alter table posting_line rename constraint ck_posting_amount to ck_posting_line_amount

alter table posting_line rename constraint ck_posting_side to ck_posting_line_side

alter table entry add column amount integer, add column institution uuid

-- Deposits as every version posted them. What looks otherwise keeps its lines, and the audit says what is wrong with it.
with deposit as materialized (
  select e.learner, e.scheme, e.sequence, a.amount, i.institution
  from entry e
  join posting_line i on i.learner = e.learner and i.scheme = e.scheme and i.entry = e.sequence and i.line = 1
  join posting_line a on a.learner = e.learner and a.scheme = e.scheme and a.entry = e.sequence and a.line = 2
  where e.kind = 1 and e.amount is null and i.bucket = 0 and i.amount = -a.amount
    and a.bucket = 2 and a.lot = e.sequence and a.amount between 1 and 2147483647
    and not exists (select from posting_line o
      where o.learner = e.learner and o.scheme = e.scheme and o.entry = e.sequence and o.line not in (1, 2))
), gone as (
  delete from posting_line p using deposit d
    where p.learner = d.learner and p.scheme = d.scheme and p.entry = d.sequence
)
update entry e set amount = d.amount, institution = d.institution from deposit d
  where e.learner = d.learner and e.scheme = d.scheme and e.sequence = d.sequence

alter table entry add constraint ck_entry_deposit check (
  (amount is null) = (institution is null) and (amount is null or kind = 1 and amount > 0))

create view posting as
  select learner, amount, entry, lot, scheme, line, bucket, institution from posting_line
  union all
  select learner, -amount::bigint, sequence, null::integer, scheme, 1::smallint, 0::smallint, institution
  from entry where amount is not null
  union all
  select learner, amount::bigint, sequence, sequence, scheme, 2::smallint, 2::smallint, null::uuid
  from entry where amount is not null

-- Views that stay with the renamed table otherwise. The former is in 0013_documents.sql.
create or replace view entry_document as
  select e.learner, e.scheme, e.sequence, e.id, e.commitment,
    document_before(e.batch,
      case when c.entry is not null then conversion_document(
        c.denominator, c.issued, c.numerator, c.remainder, c.rule, c.spent, g.code) end,
      e.effective_on, case when h.entry is not null then hold_document(h.purpose, h.until) end,
      e.id, e.kind, a.person,
      case when t.number is not null then lot_document(
        t.attempt, t.earned_on, e.effective_on, t.expires_on, t.grade, t.outcome, o.source_lot, f.code) end,
      case when w.entry is not null then move_document(null, null, w.digest, w.destination)
        when r.number is not null then move_document(r.origin, r.source_lot, r.digest, null) end,
      p.lines)
    || coalesce('"' || encode(b.commitment, 'hex') || '"', 'null')
    || document_after(e.recorded_at, e.resolves, e.reverses, s.code, e.sequence) as document
  from entry e
  join account a on a.learner = e.learner and a.scheme = e.scheme
  join scheme s on s.id = e.scheme
  left join entry b on b.learner = e.learner and b.scheme = e.scheme and b.sequence = e.sequence - 1
  left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
  left join hold h on h.learner = e.learner and h.scheme = e.scheme and h.entry = e.sequence
  left join conversion c on c.learner = e.learner and c.scheme = e.scheme and c.entry = e.sequence
  left join scheme g on g.id = c.target
  left join conversion_lot o on o.learner = e.learner and o.scheme = e.scheme and o.number = e.sequence
  left join scheme f on f.id = o.source_scheme
  left join departure_book w on w.learner = e.learner and w.scheme = e.scheme and w.entry = e.sequence
  left join arrival_lot r on r.learner = e.learner and r.scheme = e.scheme and r.number = e.sequence
  left join lateral (
    select string_agg('["' || credits_text(amount) || '","' || bucket_name(bucket) || '",'
      || coalesce(p.lot::text, '"' || p.institution || '"') || ']', ',' order by line) as lines
    from posting p where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme
  ) p on true

-- The former is in 0007_reading.sql. Deposits are not asked for here.
create or replace view dated_entry as
  select e.learner, e.scheme, e.sequence, e.kind, e.id, max(e.recorded_at) over book as known_at,
    case when e.kind = 1 then e.effective_on
      else max(case when e.kind <> 1 then greatest(e.effective_on, i.since) end) over book end as in_force_on
  from entry e
  left join lateral (
    select max(o.effective_on) as since
    from posting_line p join entry o on o.learner = p.learner and o.scheme = p.scheme and o.sequence = p.lot
    where e.kind <> 1 and p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme) i on true
  window book as (partition by e.learner, e.scheme order by e.sequence)

-- Functions that write lines, or read those of entries other than deposits: as they were, but of the renamed table.
-- post_deposits is made anew in 0038_plain_deposits.sql.
do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(p.oid) from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosrc ~ '\m(from|join|into) posting\M'
      and p.proname not in ('post_deposits', 'posting_sums_to_zero')
  loop
    execute regexp_replace(definition, '\m(from|join|into) posting\M', '\1 posting_line', 'g');
  end loop;
end $$
