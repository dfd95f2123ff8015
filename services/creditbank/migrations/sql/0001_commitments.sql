create function credits_text(amount bigint) returns text language sql immutable parallel safe
return case when amount < 0 then '-' else '' end
  || (abs(amount) / 100)::text || '.' || lpad((abs(amount) % 100)::text, 2, '0')

create function json_string(value text) returns text language sql stable parallel safe
return coalesce(to_json(value)::text, 'null')

create function utc_text(moment timestamptz) returns text language sql stable parallel safe
return to_char(moment at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')

create function bucket_name(bucket smallint) returns text language sql immutable parallel safe
return (array['issued', 'provisional', 'available', 'held', 'redeemed', 'converted', 'expired', 'revoked'])[bucket + 1]

create function entry_kind_name(kind smallint) returns text language sql immutable parallel safe
return (array['deposit'])[kind]

create function commitment_after(previous bytea, salt bytea, before text, after text) returns bytea
language sql immutable parallel safe
return sha256(
  convert_to('xuebu creditbank entry' || chr(10), 'UTF8') || salt
  || convert_to(before || coalesce('"' || encode(previous, 'hex') || '"', 'null') || after, 'UTF8'))

create function chain_step(state bytea, head bytea, salt bytea, before text, after text) returns bytea
language plpgsql immutable parallel safe as $$
begin
  return commitment_after(coalesce(state, head), salt, before, after);
end $$

create aggregate chained (head bytea, salt bytea, before text, after text) (
  sfunc = chain_step, stype = bytea
)

create view entry_document as
  select e.learner, e.scheme, e.sequence, e.id, e.commitment,
    '{"batch":"' || e.batch || '","effective_on":"' || to_char(e.effective_on, 'YYYY-MM-DD') || '","id":"' || e.id
    || '","kind":"' || entry_kind_name(e.kind) || '","learner":"' || a.person || '"'
    || coalesce(',"lot":{"attempt":' || json_string(t.attempt) || ',"grade":' || json_string(t.grade)
      || ',"outcome":"' || t.outcome || '"}', '')
    || ',"postings":[' || p.lines || '],"prev":' || coalesce('"' || encode(b.commitment, 'hex') || '"', 'null')
    || ',"recorded_at":"' || utc_text(e.recorded_at) || '","scheme":"' || s.code
    || '","sequence":' || e.sequence || '}' as document
  from entry e
  join account a on a.learner = e.learner and a.scheme = e.scheme
  join scheme s on s.id = e.scheme
  left join entry b on b.learner = e.learner and b.scheme = e.scheme and b.sequence = e.sequence - 1
  left join lot t on t.learner = e.learner and t.scheme = e.scheme and t.number = e.sequence
  left join lateral (
    select string_agg('["' || credits_text(amount) || '","' || bucket_name(bucket) || '",'
      || coalesce(p.lot::text, '"' || p.institution || '"') || ']', ',' order by line) as lines
    from posting p where p.learner = e.learner and p.entry = e.sequence and p.scheme = e.scheme
  ) p on true
