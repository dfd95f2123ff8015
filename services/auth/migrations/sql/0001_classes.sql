create table academic_session (
  id uuid default uuid7() not null,
  source_id uuid not null,
  sourced_id varchar not null,
  type varchar not null,
  title varchar not null,
  starts_on date not null,
  ends_on date not null,
  parent_id uuid,
  school_year integer,
  status varchar default 'active' not null,
  created_at timestamptz default now() not null,
  constraint pk_academic_session primary key (id),
  constraint ck_academic_session_status check (status in ('active', 'closed')),
  constraint uq_academic_session_source_id_sourced_id unique (source_id, sourced_id),
  constraint fk_academic_session_source_id foreign key(source_id) references roster_source (id),
  constraint fk_academic_session_parent_id foreign key(parent_id) references academic_session (id)
)

create table course (
  id uuid default uuid7() not null,
  source_id uuid,
  sourced_id varchar,
  organisation_id uuid not null,
  title varchar not null,
  code varchar,
  grades text[] default '{}' not null,
  subjects text[] default '{}' not null,
  status varchar default 'active' not null,
  version bigint default 0 not null,
  created_at timestamptz default now() not null,
  constraint pk_course primary key (id),
  constraint ck_course_status check (status in ('active', 'closed')),
  constraint uq_course_source_id_sourced_id unique (source_id, sourced_id),
  constraint fk_course_source_id foreign key(source_id) references roster_source (id),
  constraint fk_course_organisation_id foreign key(organisation_id) references organisation (id)
)

create index ix_course_organisation_id on course (organisation_id)

create table class (
  id uuid default uuid7() not null,
  source_id uuid,
  sourced_id varchar,
  school_id uuid not null,
  course_id uuid,
  title varchar not null,
  code varchar,
  type varchar,
  location varchar,
  grades text[] default '{}' not null,
  subjects text[] default '{}' not null,
  periods text[] default '{}' not null,
  status varchar default 'active' not null,
  version bigint default 0 not null,
  created_at timestamptz default now() not null,
  constraint pk_class primary key (id),
  constraint ck_class_status check (status in ('active', 'closed')),
  constraint uq_class_source_id_sourced_id unique (source_id, sourced_id),
  constraint fk_class_source_id foreign key(source_id) references roster_source (id),
  constraint fk_class_school_id foreign key(school_id) references organisation (id),
  constraint fk_class_course_id foreign key(course_id) references course (id)
)

create index ix_class_course_id on class (course_id)

create index ix_class_school_id on class (school_id, title, id)

create table class_term (
  class_id uuid not null,
  academic_session_id uuid not null,
  constraint pk_class_term primary key (class_id, academic_session_id),
  constraint fk_class_term_class_id foreign key(class_id) references class (id),
  constraint fk_class_term_academic_session_id foreign key(academic_session_id) references academic_session (id)
)

create index ix_class_term_academic_session_id on class_term (academic_session_id)

create table enrolment (
  id uuid default uuid7() not null,
  source_id uuid,
  sourced_id varchar,
  class_id uuid not null,
  person_id uuid not null,
  role varchar not null,
  roster_role varchar,
  is_primary boolean default false not null,
  begins_on date,
  ends_on date,
  status varchar default 'open' not null,
  ended_by varchar,
  ended_at timestamptz,
  created_at timestamptz default now() not null,
  constraint pk_enrolment primary key (id),
  constraint ck_enrolment_role check (role in ('student', 'teacher', 'staff')),
  constraint ck_enrolment_status check (status in ('open', 'ended')),
  constraint ck_enrolment_ended_by check (ended_by is null or ended_by in ('roster', 'hand')),
  constraint ck_enrolment_ended check ((status = 'ended') = (ended_by is not null)),
  constraint uq_enrolment_source_id_sourced_id unique (source_id, sourced_id),
  constraint fk_enrolment_source_id foreign key(source_id) references roster_source (id),
  constraint fk_enrolment_class_id foreign key(class_id) references class (id),
  constraint fk_enrolment_person_id foreign key(person_id) references person (id)
)

create index ix_enrolment_class_id on enrolment (class_id, role)

create index ix_enrolment_person_id on enrolment (person_id)
