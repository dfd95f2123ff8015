create table organisation (
  id uuid default uuid7() not null,
  type varchar not null,
  name varchar not null,
  parent_id uuid,
  ancestors uuid[] not null,
  identifier varchar,
  status varchar default 'active' not null,
  version bigint default 0 not null,
  decided text[] default '{}' not null,
  source_id uuid,
  sourced_id varchar,
  created_at timestamptz default now() not null,
  constraint pk_organisation primary key (id),
  constraint ck_organisation_type check (type in ('country', 'region', 'district', 'school', 'university', 'provider', 'department')),
  constraint ck_organisation_status check (status in ('active', 'closed')),
  constraint ck_organisation_path check (ancestors[cardinality(ancestors)] = id),
  constraint uq_organisation_source_id_sourced_id unique (source_id, sourced_id),
  constraint fk_organisation_parent_id foreign key(parent_id) references organisation (id)
)

create index ix_organisation_ancestors on organisation using gin (ancestors)

create index ix_organisation_parent_id on organisation (parent_id, name, id)

create unique index uq_organisation_root on organisation (name, type) where parent_id is null

create table roster_source (
  id uuid default uuid7() not null,
  anchor_id uuid not null,
  name varchar not null,
  created_at timestamptz default now() not null,
  constraint pk_roster_source primary key (id),
  constraint uq_roster_source_anchor_id_name unique (anchor_id, name),
  constraint fk_roster_source_anchor_id foreign key(anchor_id) references organisation (id)
)

alter table organisation add constraint fk_organisation_source_id
  foreign key (source_id) references roster_source (id)
