create table client_keeper (
  client uuid not null,
  person uuid not null,
  known_at timestamptz not null default now(),
  primary key (client, person)
)

create index ix_client_keeper_person on client_keeper (person)
