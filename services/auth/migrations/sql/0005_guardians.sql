create table calendar (
  id smallint default 1 not null,
  time_zone varchar default 'Asia/Shanghai' not null,
  told_on date,
  constraint pk_calendar primary key (id),
  constraint ck_calendar_one check (id = 1)
)

-- A database with people in it has told of them by older rules: without a day the job tells of everybody once.
insert into calendar (told_on)
select case when not exists (select from person) then (now() at time zone 'Asia/Shanghai')::date end

create function today() returns date language sql stable as $$
  -- the platform's day; in a statement over many rows: (select today()), which asks once
  select (now() at time zone c.time_zone)::date from calendar c
$$

create function fourteen_on(birth date) returns date language sql immutable as $$
  -- the fourteenth birthday; of whoever was born on 29 February, 1 March in a year without that day
  select (birth + interval '14 years')::date
    + (extract(day from birth + interval '14 years') <> extract(day from birth))::integer
$$

create table guardian_consent (
  position bigint generated always as identity,
  child_id uuid not null,
  guardian_id uuid not null,
  decision varchar not null,
  text_version varchar not null,
  decided_at timestamptz default now() not null,
  constraint pk_guardian_consent primary key (position),
  constraint ck_guardian_consent_decision check (decision in ('given', 'refused', 'withdrawn')),
  constraint fk_guardian_consent_child_id foreign key(child_id) references person (id),
  constraint fk_guardian_consent_guardian_id foreign key(guardian_id) references person (id)
)

create index ix_guardian_consent_child_id on guardian_consent (child_id, guardian_id, position)

create index ix_guardian_consent_guardian_id on guardian_consent (guardian_id)

create table guardian_invitation (
  id uuid default uuid7() not null,
  child_id uuid not null,
  relation varchar not null,
  invited_by uuid not null,
  digest bytea not null,
  state varchar default 'open' not null,
  created_at timestamptz default now() not null,
  expires_at timestamptz not null,
  accepted_by uuid,
  accepted_at timestamptz,
  ended_at timestamptz,
  constraint pk_guardian_invitation primary key (id),
  constraint ck_guardian_invitation_state check (state in ('open', 'accepted', 'linked', 'refused', 'revoked')),
  constraint ck_guardian_invitation_accepted check ((state in ('accepted', 'linked')) <= (accepted_by is not null)),
  constraint uq_guardian_invitation_digest unique (digest),
  constraint fk_guardian_invitation_child_id foreign key(child_id) references person (id),
  constraint fk_guardian_invitation_invited_by foreign key(invited_by) references person (id),
  constraint fk_guardian_invitation_accepted_by foreign key(accepted_by) references person (id)
)

create index ix_guardian_invitation_child_id on guardian_invitation (child_id, id)

create index ix_guardian_invitation_accepted_by on guardian_invitation (accepted_by)

create table roster_right (
  organisation_id uuid not null,
  granted_by uuid,
  granted_at timestamptz default now() not null,
  constraint pk_roster_right primary key (organisation_id),
  constraint fk_roster_right_organisation_id foreign key(organisation_id) references organisation (id),
  constraint fk_roster_right_granted_by foreign key(granted_by) references person (id)
)

create index ix_person_birth_date on person (birth_date) where birth_date is not null

create function consent_of(ids uuid[], day date) returns table (person_id uuid, consent text) language sql stable as $$
  -- Under 14 by the birth date; without one, whoever is a student of a school (not of a university or a provider)
  -- counts as under 14. Of each present guardian the last decision counts, and an objection outweighs consent.
  select p.id,
    case
      when fourteen_on(p.birth_date) <= day then 'not-needed'
      when p.birth_date is null and not exists (
        select from role_assignment r join organisation o on o.id = r.organisation_id
        where r.person_id = p.id and r.role = 'student' and r.status = 'open' and coalesce(r.ends_on >= day, true)
          and o.type not in ('university', 'provider')
          and (o.type <> 'department' or not exists (
            select from organisation above
            where above.id = any(o.ancestors) and above.type in ('university', 'provider')))) then 'not-needed'
      else coalesce((
        select case when bool_or(said.decision = 'withdrawn') then 'withdrawn'
            when bool_or(said.decision = 'refused') then 'refused'
            when bool_or(said.decision = 'given') then 'given' end
        from (
          select distinct on (c.guardian_id) c.decision from guardian_consent c
          where c.child_id = p.id and exists (
            select from guardianship g
            where g.child_id = c.child_id and g.guardian_id = c.guardian_id and g.status = 'open')
          order by c.guardian_id, c.position desc) said), 'missing')
    end
  from person p where p.id = any(ids)
$$

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
      'consent', c.consent),
    trace
  from person p join consent_of(ids, day) c on c.person_id = p.id
  order by p.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$

create or replace function record_classes(ids uuid[], trace text) returns bigint language plpgsql as $$
declare
  recorded bigint;
  day date := today();
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
            and coalesce(begins_on <= day, true)
          order by person_id, role, is_primary desc, begins_on) e), '[]')),
    trace
  from class c where c.id = any(ids)
  order by c.id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$
