create table person (
  id uuid default uuid7() not null,
  given_name varchar not null,
  family_name varchar not null,
  middle_name varchar,
  preferred_name varchar,
  email varchar,
  phone varchar,
  birth_date date,
  master_identifier varchar,
  sort_key text generated always as (lower((((family_name)::text || ' '::text) || (given_name)::text))) stored,
  status varchar default 'active' not null,
  version bigint default 0 not null,
  decided text[] default '{}' not null,
  source_id uuid,
  created_at timestamptz default now() not null,
  constraint pk_person primary key (id),
  constraint ck_person_status check (status in ('active', 'closed')),
  constraint fk_person_source_id foreign key(source_id) references roster_source (id)
)

create index ix_person_sort_key on person (sort_key, id)

create index ix_person_source_id on person (source_id)

create unique index uq_person_master_identifier on person (master_identifier) where master_identifier is not null

create table guardianship (
  id uuid default uuid7() not null,
  guardian_id uuid not null,
  child_id uuid not null,
  relation varchar not null,
  origin varchar not null,
  source_id uuid,
  status varchar default 'open' not null,
  ended_by varchar,
  ended_at timestamptz,
  created_at timestamptz default now() not null,
  constraint pk_guardianship primary key (id),
  constraint ck_guardianship_origin check (origin in ('roster', 'hand')),
  constraint ck_guardianship_status check (status in ('open', 'ended')),
  constraint ck_guardianship_ended_by check (ended_by is null or ended_by in ('roster', 'hand')),
  constraint ck_guardianship_source check ((origin = 'roster') = (source_id is not null)),
  constraint ck_guardianship_ended check ((status = 'ended') = (ended_by is not null)),
  constraint ck_guardianship_two_people check (guardian_id <> child_id),
  constraint uq_guardianship_child_id_guardian_id_source_id unique nulls not distinct (child_id, guardian_id, source_id),
  constraint fk_guardianship_guardian_id foreign key(guardian_id) references person (id),
  constraint fk_guardianship_child_id foreign key(child_id) references person (id),
  constraint fk_guardianship_source_id foreign key(source_id) references roster_source (id)
)

create index ix_guardianship_guardian_id on guardianship (guardian_id)

create index ix_guardianship_source_id on guardianship (source_id)

create table person_identifier (
  source_id uuid not null,
  sourced_id varchar not null,
  person_id uuid not null,
  username varchar,
  constraint pk_person_identifier primary key (source_id, sourced_id),
  constraint fk_person_identifier_source_id foreign key(source_id) references roster_source (id),
  constraint fk_person_identifier_person_id foreign key(person_id) references person (id)
)

create index ix_person_identifier_person_id on person_identifier (person_id)

create table role_assignment (
  id uuid default uuid7() not null,
  person_id uuid not null,
  organisation_id uuid not null,
  role varchar not null,
  is_primary boolean default false not null,
  begins_on date,
  ends_on date,
  origin varchar not null,
  source_id uuid,
  roster_role varchar,
  status varchar default 'open' not null,
  ended_by varchar,
  ended_at timestamptz,
  created_at timestamptz default now() not null,
  constraint pk_role_assignment primary key (id),
  constraint ck_role_assignment_role check (role in ('student', 'teacher', 'guardian', 'staff', 'registrar', 'assessor', 'administrator', 'auditor')),
  constraint ck_role_assignment_origin check (origin in ('roster', 'hand')),
  constraint ck_role_assignment_status check (status in ('open', 'ended')),
  constraint ck_role_assignment_ended_by check (ended_by is null or ended_by in ('roster', 'hand')),
  constraint ck_role_assignment_source check ((origin = 'roster') = (source_id is not null)),
  constraint ck_role_assignment_ended check ((status = 'ended') = (ended_by is not null)),
  constraint uq_role_assignment_person_id_organisation_id_role_source_id unique nulls not distinct (person_id, organisation_id, role, source_id),
  constraint fk_role_assignment_person_id foreign key(person_id) references person (id),
  constraint fk_role_assignment_organisation_id foreign key(organisation_id) references organisation (id),
  constraint fk_role_assignment_source_id foreign key(source_id) references roster_source (id)
)

create index ix_role_assignment_organisation_id on role_assignment (organisation_id, role)

create index ix_role_assignment_source_id on role_assignment (source_id)
