create table scheme (
  id smallint constraint pk_scheme primary key,
  code varchar not null constraint uq_scheme_code unique,
  title_en varchar not null,
  title_zh varchar not null,
  decimals smallint not null constraint ck_scheme_decimals check (decimals = 2)
)

insert into scheme (id, code, title_en, title_zh, decimals) values (1, 'xuebu:credits', 'Course credits', '课程学分', 2)

create table institution (
  id uuid constraint pk_institution primary key,
  version bigint not null,
  status varchar not null constraint ck_institution_status check (status in ('active', 'closed')),
  type varchar not null,
  name varchar not null,
  parent uuid,
  ancestors uuid[] not null,
  identifier varchar,
  standing varchar not null default 'registered' constraint ck_institution_standing
    check (standing in ('applied', 'registered', 'suspended', 'withdrawn'))
)

create index ix_institution_ancestors on institution using gin (ancestors)

create table outcome (
  id uuid constraint pk_outcome primary key,
  version bigint not null,
  status varchar not null constraint ck_outcome_status check (status in ('active', 'closed')),
  kind varchar not null default 'course' constraint ck_outcome_kind check (kind in ('course', 'unit', 'certificate')),
  title varchar not null,
  code varchar,
  organisation uuid not null,
  sourced_id varchar,
  equivalence_group uuid,
  parent uuid
)

create index ix_outcome_sourced_id_organisation on outcome (sourced_id, organisation)
