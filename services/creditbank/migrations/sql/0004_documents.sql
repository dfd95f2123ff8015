create or replace function bucket_name(bucket smallint) returns text language sql immutable parallel safe
return (array['issued', 'provisional', 'available', 'held', 'redeemed', 'converted', 'expired', 'revoked',
  'rounding', 'converted_in'])[bucket + 1]

create or replace function entry_kind_name(kind smallint) returns text language sql immutable parallel safe
return (array['deposit', 'hold', 'release', 'lapse', 'redemption', 'rescission', 'conversion', 'conversion_deposit',
  'expiry', 'revocation'])[kind]

-- The last date that has ended nowhere on earth less one: what was valid through it has expired everywhere.
create function expired_through(moment timestamptz) returns date language sql stable parallel safe
return ((moment - interval '12 hours') at time zone 'utc')::date - 1

create function hold_document(purpose text, until timestamptz) returns text language sql stable parallel safe
return '{"purpose":' || json_string(purpose) || ',"until":"' || utc_text(until) || '"}'

create function conversion_document(
  denominator integer, issued bigint, numerator integer, remainder bigint, rule uuid, spent bigint, target text
) returns text language sql stable parallel safe
return '{"denominator":' || denominator || ',"issued":"' || credits_text(issued) || '","numerator":' || numerator
  || ',"remainder":' || remainder || ',"rule":"' || rule || '","spent":"' || credits_text(spent)
  || '","target":' || json_string(target) || '}'

-- Days and source are told where they are not what an ordinary deposit has.
create function lot_document(
  attempt text, earned_on date, effective_on date, expires_on date, grade text, outcome uuid,
  source_lot integer, source_scheme text
) returns text language sql stable parallel safe
return '{"attempt":' || json_string(attempt)
  || case when earned_on = effective_on then '' else ',"earned_on":"' || to_char(earned_on, 'YYYY-MM-DD') || '"' end
  || coalesce(',"expires_on":"' || to_char(expires_on, 'YYYY-MM-DD') || '"', '')
  || ',"grade":' || json_string(grade) || ',"outcome":"' || outcome || '"'
  || coalesce(',"source":{"lot":' || source_lot || ',"scheme":' || json_string(source_scheme) || '}', '') || '}'

create function document_before(
  batch uuid, conversion text, effective_on date, hold text, id uuid, kind smallint, person uuid, lot text, lines text
) returns text language sql stable parallel safe
return '{"batch":"' || batch || '"' || coalesce(',"conversion":' || conversion, '')
  || ',"effective_on":"' || to_char(effective_on, 'YYYY-MM-DD') || '"' || coalesce(',"hold":' || hold, '')
  || ',"id":"' || id || '","kind":"' || entry_kind_name(kind) || '","learner":"' || person || '"'
  || coalesce(',"lot":' || lot, '') || ',"postings":[' || lines || '],"prev":'

create function document_after(
  recorded_at timestamptz, resolves integer, reverses integer, scheme text, sequence integer
) returns text language sql stable parallel safe
return ',"recorded_at":"' || utc_text(recorded_at) || '"' || coalesce(',"resolves":' || resolves, '')
  || coalesce(',"reverses":' || reverses, '') || ',"scheme":' || json_string(scheme)
  || ',"sequence":' || sequence || '}'

create or replace view entry_document as
  select e.learner, e.scheme, e.sequence, e.id, e.commitment,
    document_before(e.batch,
      case when c.entry is not null then conversion_document(
        c.denominator, c.issued, c.numerator, c.remainder, c.rule, c.spent, g.code) end,
      e.effective_on, case when h.entry is not null then hold_document(h.purpose, h.until) end,
      e.id, e.kind, a.person,
      case when t.number is not null then lot_document(
        t.attempt, t.earned_on, e.effective_on, t.expires_on, t.grade, t.outcome, o.source_lot, f.code) end,
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
  left join lateral (
    select string_agg('["' || credits_text(amount) || '","' || bucket_name(bucket) || '",'
      || coalesce(p.lot::text, '"' || p.institution || '"') || ']', ',' order by line) as lines
    from posting p where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme
  ) p on true
