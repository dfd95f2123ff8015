alter table class add column decided text[] default '{}' not null

alter table course add column decided text[] default '{}' not null

alter table person_identifier add column status varchar default 'active' not null,
  add column enabled boolean default true not null,
  add constraint ck_person_identifier_status check (status in ('active', 'closed'))

-- events raise the version of rows just written: room on the page keeps that update out of the indexes
alter table person set (fillfactor = 80)

alter table class set (fillfactor = 80)

-- sources are never removed and imports are the only writers of source_id: checking each row would cost a tenth of
-- an import's time
alter table person drop constraint fk_person_source_id

alter table person_identifier drop constraint fk_person_identifier_source_id

alter table role_assignment drop constraint fk_role_assignment_source_id

alter table guardianship drop constraint fk_guardianship_source_id

alter table enrolment drop constraint fk_enrolment_source_id

create table roster_import (
  id uuid default uuid7() not null,
  organisation_id uuid not null,
  source_name varchar not null,
  requested_by_kind varchar not null,
  requested_by uuid,
  dry_run boolean not null,
  allow_large_closure boolean not null,
  file_name varchar not null,
  size_bytes bigint not null,
  state varchar default 'queued' not null,
  stage varchar,
  done bigint default 0 not null,
  total bigint default 0 not null,
  attempts integer default 0 not null,
  dialect varchar,
  counts json,
  finding_counts json,
  created_at timestamptz default now() not null,
  started_at timestamptz,
  ended_at timestamptz,
  constraint pk_roster_import primary key (id),
  constraint ck_roster_import_state check (state in ('queued', 'reading', 'checking', 'applying', 'applied', 'unchanged', 'refused', 'failed')),
  constraint fk_roster_import_organisation_id foreign key(organisation_id) references organisation (id)
)

create index ix_roster_import_organisation_id on roster_import (organisation_id, id)

create index ix_roster_import_state on roster_import (state)

create table roster_upload (
  import_id uuid not null,
  piece integer not null,
  content bytea not null,
  constraint pk_roster_upload primary key (import_id, piece),
  constraint fk_roster_upload_import_id foreign key(import_id) references roster_import (id)
)

-- a zip does not compress again
alter table roster_upload alter column content set storage external

create table roster_finding (
  import_id uuid not null,
  position integer not null,
  code varchar not null,
  severity varchar not null,
  file varchar,
  "row" integer,
  field varchar,
  value varchar,
  "values" json not null,
  constraint pk_roster_finding primary key (import_id, position),
  constraint fk_roster_finding_import_id foreign key(import_id) references roster_import (id)
)

create table roster_organisation (
  source_id uuid not null,
  sourced_id varchar not null,
  organisation_id uuid not null,
  constraint pk_roster_organisation primary key (source_id, sourced_id),
  constraint fk_roster_organisation_source_id foreign key(source_id) references roster_source (id),
  constraint fk_roster_organisation_organisation_id foreign key(organisation_id) references organisation (id)
)

create table roster_role (
  source_id uuid not null,
  sourced_id varchar not null,
  assignment_id uuid not null,
  constraint pk_roster_role primary key (source_id, sourced_id)
)

-- After a large import the planner must know the tables' new size before autovacuum gets round to it; only the
-- owner may gather statistics, hence the owner's rights.
create function analyze_rosters() returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  analyze organisation, course, class, class_term, person, person_identifier, role_assignment, guardianship,
    enrolment, account, roster_role;
end
$$
