create function record_organisations(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  with mine as (select id from organisation where id = any(ids) order by id for no key update)
  update organisation set version = version + 1 from mine where organisation.id = mine.id;
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.organisation.changed.v1', o.id::text,
    json_build_object(
      'id', o.id, 'version', o.version, 'status', o.status, 'type', o.type, 'name', o.name,
      'parent', o.parent_id, 'ancestors', o.ancestors, 'identifier', o.identifier),
    trace
  from organisation o where o.id = any(ids)
  order by cardinality(o.ancestors), o.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$

create function record_courses(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  with mine as (select id from course where id = any(ids) order by id for no key update)
  update course set version = version + 1 from mine where course.id = mine.id;
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.course.changed.v1', c.id::text,
    json_build_object(
      'id', c.id, 'version', c.version, 'status', c.status, 'title', c.title, 'code', c.code,
      'organisation', c.organisation_id, 'sourced_id', c.sourced_id),
    trace
  from course c where c.id = any(ids)
  order by c.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$

create function record_people(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  -- The rows are locked by one statement and read by the next: a change of roles that another transaction
  -- committed while this one waited is then part of what is told.
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
        where r.person_id = p.id and r.status = 'open'), '[]'),
      'guardians', coalesce((
        select json_agg(json_build_object('person', g.guardian_id, 'relation', g.relation))
        from guardianship g
        where g.child_id = p.id and g.status = 'open'), '[]')),
    trace
  from person p where p.id = any(ids)
  order by p.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$

create function record_classes(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
begin
  with mine as (select id from class where id = any(ids) order by id for no key update)
  update class set version = version + 1 from mine where class.id = mine.id;
  insert into outbox (id, type, subject, data, traceparent)
  select uuid7(), 'auth.class.changed.v1', c.id::text,
    json_build_object(
      'id', c.id, 'version', c.version, 'status', c.status, 'title', c.title,
      'school', c.school_id, 'course', c.course_id, 'sourced_id', c.sourced_id,
      'terms', coalesce((
        select json_agg(json_build_object(
          'id', a.id, 'title', a.title, 'starts_on', a.starts_on, 'ends_on', a.ends_on) order by a.starts_on, a.id)
        from class_term t join academic_session a on a.id = t.academic_session_id
        where t.class_id = c.id and a.status = 'active'), '[]'),
      'grades', c.grades, 'subjects', c.subjects,
      'members', coalesce((
        select json_agg(json_build_object(
          'person', e.person_id, 'role', e.role, 'primary', e.is_primary, 'from', e.begins_on, 'to', e.ends_on))
        from (
          select distinct on (person_id, role) person_id, role, is_primary, begins_on, ends_on
          from enrolment where class_id = c.id and status = 'open'
          order by person_id, role, is_primary desc, begins_on) e), '[]')),
    trace
  from class c where c.id = any(ids)
  order by c.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$
