-- Later definitions of what 0004_documents.sql has, with the kinds and buckets of moves.
create or replace function bucket_name(bucket smallint) returns text language sql immutable parallel safe
return (array['issued', 'provisional', 'available', 'held', 'redeemed', 'converted', 'expired', 'revoked',
  'rounding', 'converted_in', 'moved', 'moved_in'])[bucket + 1]

create or replace function entry_kind_name(kind smallint) returns text language sql immutable parallel safe
return (array['deposit', 'hold', 'release', 'lapse', 'redemption', 'rescission', 'conversion', 'conversion_deposit',
  'expiry', 'revocation', 'departure', 'return', 'arrival'])[kind]

-- Where to, or where from and which lot it was there. The move's id is the batch of its entries.
create function move_document(origin text, source_lot integer, statement bytea, destination text) returns text
language sql stable parallel safe
return '{' || coalesce('"from":' || json_string(origin) || ',"lot":' || source_lot || ',', '')
  || '"statement":"' || encode(statement, 'hex') || '"' || coalesce(',"to":' || json_string(destination), '') || '}'

create function document_before(
  batch uuid, conversion text, effective_on date, hold text, id uuid, kind smallint, person uuid, lot text, move text,
  lines text
) returns text language sql stable parallel safe
return '{"batch":"' || batch || '"' || coalesce(',"conversion":' || conversion, '')
  || ',"effective_on":"' || to_char(effective_on, 'YYYY-MM-DD') || '"' || coalesce(',"hold":' || hold, '')
  || ',"id":"' || id || '","kind":"' || entry_kind_name(kind) || '","learner":"' || person || '"'
  || coalesce(',"lot":' || lot, '') || coalesce(',"move":' || move, '') || ',"postings":[' || lines || '],"prev":'

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
