-- What another node's statement says moves here comes into the books of the same people: each lot by an entry of its
-- own, with issuer, outcome, attempt, grade and days it had. `books` and `schemes` are those of the statement's books in
-- their order; `entries` and `salts` one for each lot. Answers `applied`, also when it was before; `refused`, when it
-- was said that it would not be; or why it cannot be.
create function post_arrival(
  of_move uuid, from_node text, told text, proofs json, of_learner bigint, books bigint[], schemes smallint[],
  entries uuid[], salts bytea[]
) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set datestyle = 'ISO, YMD' as $$
declare
  recorded timestamptz := now();
  today date := (now() at time zone 'utc')::date;
  told_digest bytea := sha256(convert_to(told, 'UTF8'));
  statement json := told::json;
  is_following boolean := (told::json ->> 'follows')::boolean;
  everything bigint[] := array(select distinct unnest(books_of(of_learner) || books) order by 1);
begin
  perform pg_advisory_xact_lock(hashtextextended(from_node || of_move, 8));
  if exists (select from refused_arrival r where r.id = of_move and r.origin = from_node) then
    return 'refused';
  end if;
  if exists (select from arrival a where a.id = of_move and a.origin = from_node) then
    return 'applied';
  end if;
  perform from account a where a.learner = any(everything) order by a.learner, a.scheme for no key update;
  perform from learner l where l.number = any(everything) order by l.number for update;
  perform from account a where a.learner = any(everything) order by a.learner, a.scheme for no key update;
  -- Somebody was erased, or an account is missing: the service looks again.
  if exists (select from json_array_elements(statement -> 'books') with ordinality as b (value, n)
      left join account a on a.learner = books[b.n] and a.scheme = schemes[b.n]
      where a.person is distinct from (b.value ->> 'learner')::uuid) then
    return 'books_changed';
  end if;
  if exists (select from json_array_elements(statement -> 'books') with ordinality as b (value, n)
      cross join json_array_elements(b.value -> 'lots') as l (value)
      join lot t on t.learner = books[b.n] and t.issuer = (l.value ->> 'issuer')::uuid and t.attempt = l.value ->> 'attempt'
        and t.revoked < t.issued and t.moved = 0) then
    return 'attempt_already_posted';
  end if;
  insert into arrival (learner, arrived_at, id, follows, origin, digest, statement, evidence)
    values (of_learner, recorded, of_move, is_following, from_node, told_digest, told, proofs);
  with lots as (
    select books[b.n] as learner, schemes[b.n] as scheme, l.value as it,
      row_number() over (order by b.n, l.n) as place,
      row_number() over (partition by books[b.n], schemes[b.n] order by b.n, l.n) as turn
    from json_array_elements(statement -> 'books') with ordinality as b (value, n)
    cross join json_array_elements(b.value -> 'lots') with ordinality as l (value, n)
  ), fresh as materialized (
    select l.learner, l.scheme, entries[l.place] as entry, salts[l.place] as salt, a.person, a.head, s.code, l.place,
      (a.sequence + l.turn)::integer as number, replace(l.it ->> 'amount', '.', '')::integer as amount,
      replace(l.it ->> 'used', '.', '')::bigint as used, (l.it ->> 'lot')::integer as source_lot,
      (l.it ->> 'issuer')::uuid as issuer, (l.it ->> 'outcome')::uuid as outcome, l.it ->> 'attempt' as attempt,
      l.it ->> 'grade' as grade, (l.it ->> 'earned_on')::date as earned_on, (l.it ->> 'expires_on')::date as expires_on,
      (l.it ->> 'key')::uuid as key_hash, (l.it ->> 'payload')::uuid as payload_hash
    from lots l join account a on a.learner = l.learner and a.scheme = l.scheme join scheme s on s.id = l.scheme
  ), chain as materialized (
    select f.*, chained(head, salt,
        document_before(of_move, null, today, null, entry, 13::smallint, person,
          lot_document(attempt, earned_on, today, expires_on, grade, outcome, null, null),
          move_document(from_node, source_lot, told_digest, null),
          '["-' || credits_text(amount) || '","moved_in","' || issuer || '"],["' || credits_text(amount)
          || '","available",' || number || ']'),
        document_after(recorded, null, null, code, number)
      ) over (partition by learner, scheme order by place) as commitment,
      -- The deposit sent again is answered with this entry, unless it was made here in the first place.
      not exists (select from entry o where o.learner = f.learner and o.key_hash = f.key_hash) as takes_key
    from fresh f
  ), entered as (
    insert into entry (learner, recorded_at, sequence, effective_on, scheme, kind, id, batch, key_hash, payload_hash,
        commitment)
      select learner, recorded, number, today, scheme, 13, entry, of_move, case when takes_key then key_hash else entry end,
        payload_hash, commitment from chain
  ), made as (
    insert into lot (learner, issued, available, number, earned_on, expires_on, scheme, issuer, outcome, attempt, grade)
      select learner, amount, amount, number, earned_on, expires_on, scheme, issuer, outcome, attempt, grade from chain
  ), derived as (
    insert into arrival_lot (learner, scheme, number, used, source_lot, move, key_hash, payload_hash, digest, origin)
      select learner, scheme, number, used, source_lot, of_move, key_hash, payload_hash, told_digest, from_node from chain
  ), posted as (
    insert into posting (learner, amount, entry, lot, scheme, line, bucket, institution)
      select c.learner, p.amount, c.number, p.lot, c.scheme, p.line, p.bucket, p.institution
      from chain c cross join lateral (values
        (-c.amount::bigint, null::integer, 1::smallint, 11::smallint, c.issuer),
        (c.amount::bigint, c.number, 2, 2, null)) as p (amount, lot, line, bucket, institution)
  )
  update account a set available = a.available + s.amount, sequence = s.number, head = s.head, version = a.version + 1
    from (select learner, scheme, sum(amount) as amount, max(number) as number,
        (array_agg(commitment order by number desc))[1] as head
      from chain group by learner, scheme) s
    where a.learner = s.learner and a.scheme = s.scheme;
  insert into spent_elsewhere (learner, key_hash, payload_hash, entry, issuer, is_live, attempt)
    select distinct on (l.number, h.value ->> 'key') l.number, (h.value ->> 'key')::uuid, (h.value ->> 'payload')::uuid,
      (h.value ->> 'entry')::uuid, (h.value ->> 'issuer')::uuid, h.value ->> 'revoked' <> h.value ->> 'issued',
      h.value ->> 'attempt'
    from json_array_elements(statement -> 'history') as h (value)
    join learner l on l.id = (h.value ->> 'learner')::uuid and l.number = any(everything)
    order by l.number, h.value ->> 'key', h.value ->> 'revoked' <> h.value ->> 'issued' desc
    on conflict (learner, key_hash) do update set is_live = excluded.is_live;
  -- What follows a move comes to where the books are, or through here: who went on from here stays where they went.
  if not is_following then
    update account a set away = false where a.learner = any(everything);
    update learner l set home = null where l.number = any(everything);
  end if;
  update account a set arrived = true where a.learner = any(everything);
  update learner l set arrived = true where l.number = any(everything);
  return 'applied';
end $$

-- Says for ever that a move is not taken in, unless it was.
create function refuse_arrival(of_move uuid, from_node text, why text) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(from_node || of_move, 8));
  if exists (select from arrival a where a.id = of_move and a.origin = from_node) then
    return 'applied';
  end if;
  insert into refused_arrival (id, origin, reason) values (of_move, from_node, why) on conflict do nothing;
  return 'refused';
end $$
