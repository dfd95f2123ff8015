-- Tells the mail address too, by which records of learning elsewhere name a person. Was defined in 0005_guardians.sql.
create or replace function record_people(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
  day date := today();
begin
  -- The rows are locked by one statement and read by the next: a change of roles that another transaction
  -- committed while this one waited is then part of what is told. A role that acts for an institution is over
  -- after its last day. Who learns or teaches keeps what is past, until a roster or a hand closes it: the class
  -- of last year stays the class of its members.
  with mine as (select id from person where id = any(ids) order by id for no key update)
  update person set version = version + 1 from mine where person.id = mine.id;
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.person.changed.v1', p.id::text,
    json_build_object(
      'id', p.id, 'version', p.version, 'status', p.status,
      'given_name', p.given_name, 'family_name', p.family_name, 'preferred_name', p.preferred_name,
      'identifiers', coalesce((
        select json_agg(json_build_object('organisation', s.anchor_id, 'sourced_id', i.sourced_id))
        from person_identifier i join roster_source s on s.id = i.source_id
        where i.person_id = p.id), '[]'),
      'roles', coalesce((
        select json_agg(json_build_object(
          'role', r.role, 'organisation', r.organisation_id, 'primary', r.is_primary,
          'from', r.begins_on, 'to', r.ends_on))
        from role_assignment r
        where r.person_id = p.id and r.status = 'open' and coalesce(r.begins_on <= day, true)
          and (r.role in ('student', 'teacher', 'guardian') or coalesce(r.ends_on >= day, true))), '[]'),
      'guardians', coalesce((
        select json_agg(json_build_object('person', g.guardian_id, 'relation', g.relation))
        from guardianship g
        where g.child_id = p.id and g.status = 'open'), '[]'),
      'consent', c.consent, 'email', p.email),
    trace
  from person p join consent_of(ids, day) c on c.person_id = p.id
  order by p.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$
